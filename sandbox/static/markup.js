// Renders Slack's mrkdwn as DOM nodes. Text is set by textContent only, never as HTML.

import { glyph, store } from "./store.js";

const RULES = [
  [/^```\n?([\s\S]+?)\n?```\n?/, (m) => el("pre", {}, unescape(m[1]))],
  [/^`([^`\n]+)`/, (m) => el("code", {}, unescape(m[1]))],
  [/^<([^<>\n]+)>/, (m) => entity(m[1])],
  [/^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/i, (m) => known(m[1]) && el("span", { title: m[0], className: "emoji" }, glyph(m[1]))],
  [/^\*(?=\S)([^*\n]*[^\s*])\*(?!\w)/, (m) => el("strong", {}, ...mrkdwn(m[1])), true],
  [/^_(?=\S)([^_\n]*[^\s_])_(?!\w)/, (m) => el("em", {}, ...mrkdwn(m[1])), true],
  [/^~(?=\S)([^~\n]*[^\s~])~(?!\w)/, (m) => el("s", {}, ...mrkdwn(m[1])), true],
];

export function el(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export function mrkdwn(text) {
  const nodes = [];
  let rest = text ?? "", plain = "";
  const flush = () => { if (plain) nodes.push(unescape(plain)); plain = ""; };
  while (rest) {
    let found = null;
    for (const [pattern, make, atWord] of RULES) {
      if (atWord && /\w$/.test(plain)) continue;
      const match = pattern.exec(rest);
      const node = match && make(match);
      if (node) { found = [node, match[0].length]; break; }
    }
    if (found) { flush(); nodes.push(found[0]); rest = rest.slice(found[1]); }
    else { plain += rest[0]; rest = rest.slice(1); }
  }
  flush();
  return quoted(nodes, text);
}

export function plainText(object) {
  return unescape((object?.text ?? "").replace(/:([a-z0-9_+'-]+):/gi, (all, name) => (known(name) ? glyph(name) : all)));
}

function quoted(nodes, text) {
  return text?.startsWith("&gt;") ? [el("blockquote", {}, ...nodes.map((n) => (typeof n === "string" ? n.replace(/^> ?/gm, "") : n)))] : nodes;
}

function known(name) { const bare = name.split("::")[0]; return bare in store.emoji || bare in store.custom; }

function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function entity(inside) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) return mention(`@${store.users.get(target.slice(1))?.profile.display_name ?? label ?? target.slice(1)}`);
  if (target.startsWith("#")) {
    const channel = store.channels.get(target.slice(1));
    const node = el("a", { className: "mention", href: `#${target.slice(1)}` }, `#${channel?.name ?? label ?? target.slice(1)}`);
    return node;
  }
  if (target.startsWith("!subteam^")) return mention(`@${store.groups.get(target.slice(9))?.handle ?? label ?? "group"}`);
  if (target.startsWith("!date^")) return document.createTextNode(unescape(label ?? target));
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`);
  if (/^(https?|mailto):/i.test(target)) {
    const href = unescape(target);
    const here = href.startsWith(`${location.origin}/archives/`);
    return el("a", { href, ...(here ? {} : { target: "_blank", rel: "noreferrer noopener" }) }, unescape(label ?? target));
  }
  return document.createTextNode(unescape(`<${inside}>`));
}

function mention(text) { return el("span", { className: "mention" }, text); }
