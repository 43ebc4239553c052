// Converts typed text and files to Slack's form.

import { store } from "./store.js";

export function onTheWire(text) {
  const people = new Map([...store.users.values()].map((u) => [u.name, `<@${u.id}>`]));
  const groups = new Map([...store.groups.values()].map((g) => [g.handle, `<!subteam^${g.id}>`]));
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replace(/\bhttps?:\/\/[^\s<>]+/g, (url) => `<${url}>`)
    .replace(/(^|\s)@([\w-]+)/g, (all, before, name) => before + (people.get(name) ?? groups.get(name) ?? `@${name}`));
}

export async function encoded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

export function grow(field) { field.style.height = "auto"; field.style.height = `${Math.min(field.scrollHeight, 160)}px`; }
