// Renders a message as a DOM node: author, time, text, files, reactions and thread.

import { blocks } from "./blocks.js";
import { icon } from "./icons.js";
import { el, mrkdwn } from "./markup.js";
import { glyph, store } from "./store.js";

export function messageNode(message, me, on) {
  const author = store.users.get(message.user);
  const name = message.username ?? author?.real_name ?? message.bot_profile?.name ?? "Form";
  const app = Boolean(message.bot_id);
  const shown = message.blocks?.filter((b) => b.type !== "rich_text") ?? [];
  const node = el("article", { className: "message", tabIndex: -1 });
  node.dataset.ts = message.ts;
  if (message.visible_to) node.classList.add("whisper");
  node.append(
    avatar(name, message.user ?? name, app),
    el("div", { className: "body" },
      message.visible_to && el("div", { className: "only" }, icon("eye"), "Only visible to you"),
      el("div", { className: "who" }, el("strong", {}, name), app && el("span", { className: "badge" }, "APP"),
        author?.is_stranger && el("span", { className: "badge" }, "GLOBEX"), time(message.ts),
        message.edited && el("span", { className: "edited" }, "(edited)")),
      ...(shown.length ? [el("div", { className: "blocks" }, ...blocks(shown, (action) => on.press(message, action)))]
        : [el("div", { className: "text" }, ...mrkdwn(message.text))]),
      ...(message.attachments ?? []).map((a) => el("div", { className: "attachment" }, ...mrkdwn(a.text ?? a.fallback), ...blocks(a.blocks, (action) => on.press(message, action)))),
      ...(message.files ?? []).map(fileNode),
      message.visible_to ? null : reactions(message, me, on),
      on.thread && message.reply_count ? threadLink(message, on) : null),
    message.visible_to ? "" : tools(message, on, me));
  return node;
}

function avatar(name, key, app) {
  const initials = name.split(/\s+/).map((w) => w[0]).slice(0, 2).join("").toUpperCase();
  let hue = 0;
  for (const c of key) hue = (hue * 31 + c.codePointAt(0)) % 360;
  const node = el("div", { className: app ? "avatar app" : "avatar", ariaHidden: "true" }, app ? icon("bolt") : initials);
  node.style.setProperty("--hue", hue);
  return node;
}

function time(ts) {
  const when = new Date(Number(ts) * 1000);
  return el("time", { dateTime: when.toISOString(), title: when.toLocaleString() },
    when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
}

function fileNode(file) {
  const path = new URL(file.url_private_download).pathname;
  return el("a", { className: "file", href: path, download: file.name },
    icon("file"),
    el("span", {}, el("strong", {}, file.title ?? file.name), el("small", {}, `${size(file.size)} · download`)));
}

function size(bytes) { return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} kB`; }

function reactions(message, me, on) {
  const pills = (message.reactions ?? []).map((r) => {
    const mine = r.users.includes(me);
    const who = r.users.map((u) => store.users.get(u)?.real_name ?? u).join(", ");
    const pill = el("button", { className: "pill", title: `${who} reacted with :${r.name}:`, ariaPressed: String(mine),
      ariaLabel: `${r.name}, ${r.count}` }, el("span", { className: "emoji" }, glyph(r.name)), el("span", { className: "count" }, String(r.count)));
    pill.addEventListener("click", () => on.toggle(message, r.name, mine));
    return pill;
  });
  return pills.length ? el("div", { className: "pills" }, ...pills) : null;
}

function threadLink(message, on) {
  const link = el("button", { className: "thread-link" }, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`);
  link.addEventListener("click", () => on.thread(message));
  return link;
}

function tools(message, on, me) {
  const tool = (label, shape, run) => {
    const node = el("button", { className: "icon", ariaLabel: label, title: label }, icon(shape));
    node.addEventListener("click", (event) => { event.stopPropagation(); run(node); });
    return node;
  };
  return el("div", { className: "tools" },
    tool("Add reaction", "react", (node) => on.pick(message, node)),
    on.thread && tool("Reply in thread", "reply", () => on.thread(message)),
    message.user === me && !message.bot_id && tool("Edit message", "edit", () => on.edit(message)),
    message.user === me && !message.bot_id && tool("Delete message", "trash", () => on.remove(message)));
}
