// The page: the open channel and thread, the acting person, and the handlers of clicks.

import { blocks, values } from "./blocks.js";
import { encoded, grow, onTheWire } from "./compose.js";
import { icon } from "./icons.js";
import { el, plainText } from "./markup.js";
import { messageNode } from "./message.js";
import { picker } from "./picker.js";
import { act, listen, load, store } from "./store.js";

const $ = (id) => document.getElementById(id);
const open = { channel: "C0SUPPORT", thread: null, home: false, modal: null, unread: new Set() };
const me = () => $("acting").value || "U0CLEO";
const ROLES = { customer: "Customers", agent: "Agents", admin: "Admins", partner: "Globex (another company)" };

const pick = picker($("picker"), $("search"), $("emoji"));
const on = {
  press: (message, action) => tell(act("click", { user: me(), channel: open.channel, ts: message.ts, ...action })),
  toggle: (message, name, mine) => tell(act(mine ? "unreact" : "react", { user: me(), channel: open.channel, ts: message.ts, name })),
  pick: (message, node) => pick(node, (name) => on.toggle(message, name, false)),
  thread: (message) => { open.thread = message.thread_ts ?? message.ts; draw(); $("replyText").focus(); },
  edit: async (message) => {
    const text = prompt("Edit message", message.text);
    if (text !== null) await tell(act("edit", { user: me(), channel: open.channel, ts: message.ts, text }));
  },
  remove: (message) => tell(act("delete", { channel: open.channel, ts: message.ts })),
};

function draw() {
  drawChannels();
  if (open.home) return drawHome();
  const channel = store.channels.get(open.channel);
  const kept = [...(store.messages.get(open.channel)?.values() ?? [])];
  const whispers = store.ephemerals.filter((m) => m.channel === open.channel && m.visible_to === me());
  const top = kept.filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast");
  $("name").textContent = channel?.name ? `# ${channel.name}` : "Triage";
  $("topic").textContent = channel?.topic?.value ?? "";
  $("text").placeholder = `Message ${channel?.name ? `#${channel.name}` : "Triage"}`;
  $("composer").hidden = false;
  $("share").hidden = !channel?.name;
  $("share").textContent = channel?.is_ext_shared ? "Stop sharing" : "Share with Globex";
  fill($("messages"), [...top, ...whispers].sort(byTime), on,
    el("p", { className: "empty" }, "No messages yet. Write the first as ", el("strong", {}, store.users.get(me())?.real_name ?? ""), "."));
  const parent = store.messages.get(open.channel)?.get(open.thread);
  $("thread").hidden = !parent;
  document.body.classList.toggle("with-thread", Boolean(parent));
  if (parent) fill($("replies"), kept.filter((m) => m.ts === open.thread || m.thread_ts === open.thread), { ...on, thread: null });
}

function fill(list, messages, handlers, empty) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80 || list.dataset.of !== open.channel;
  const held = list.contains(document.activeElement) && document.activeElement;
  const where = held && [held.closest("[data-ts]")?.dataset.ts, held.getAttribute("aria-label")];
  list.replaceChildren(...(messages.length || !empty ? messages.map((m) => messageNode(m, me(), handlers)) : [empty]));
  list.dataset.of = open.channel;
  if (where?.[0]) {
    const message = list.querySelector(`[data-ts="${CSS.escape(where[0])}"]`);
    ([...(message?.querySelectorAll("button") ?? [])].find((b) => b.getAttribute("aria-label") === where[1]) ?? message)?.focus({ preventScroll: true });
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawChannels() {
  const shown = [...store.channels.values()].filter((c) => c.name || c.user === me());
  $("channels").replaceChildren(...shown.map((channel) => {
    const here = channel.id === open.channel && !open.home;
    const row = el("button", { className: "row" }, el("span", { className: "hash" }, channel.name ? "#" : "✉"), channel.name ?? "Triage",
      channel.is_ext_shared && el("span", { className: "badge", title: "Shared with Globex" }, "shared"));
    if (here) row.setAttribute("aria-current", "page");
    row.classList.toggle("unread", open.unread.has(channel.id));
    row.addEventListener("click", () => go(channel.id));
    return el("li", {}, row);
  }));
  $("home").toggleAttribute("aria-current", open.home);
}

function drawHome() {
  const view = [...store.views.values()].find((v) => v.type === "home" && v.user === me());
  $("name").textContent = "Triage Home";
  $("topic").textContent = "Your Home tab of the app";
  $("composer").hidden = true;
  $("share").hidden = true;
  $("thread").hidden = true;
  const press = (action) => tell(act("click", { user: me(), view_id: view.id, ...action }));
  $("messages").replaceChildren(view ? el("div", { className: "home blocks" }, ...blocks(view.blocks, press))
    : el("p", { className: "empty" }, "The app has not published a Home for you yet."));
}

function drawModal() {
  const mine = [...store.views.values()].filter((v) => v.type === "modal" && v.user === me() && !v.closed);
  const view = mine.at(-1);
  if (!view) { if ($("modal").open) $("modal").close(); return; }
  open.modal = view.id;
  $("modalTitle").textContent = plainText(view.title);
  $("modalSubmit").hidden = !view.submit;
  $("modalSubmit").textContent = plainText(view.submit) || "Submit";
  $("modalError").textContent = "";
  $("modalBody").replaceChildren(...blocks(view.blocks, (action) => tell(act("click", { user: me(), view_id: view.id, ...action }))));
  if (!$("modal").open) $("modal").showModal();
}

function go(channel, ts) {
  Object.assign(open, { channel, thread: null, home: false });
  open.unread.delete(channel);
  document.body.classList.remove("with-nav");
  draw();
  const target = ts && document.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (target) { target.scrollIntoView({ block: "center" }); target.classList.add("found"); target.focus(); }
}

async function tell(answer) {
  const done = await answer;
  const refused = {
    operation_timeout: "The app did not answer in time. Is the bot running?",
    not_in_channel: "This channel is not shared with Globex.",
    unknown_command: "Globex has not installed the app, so its people cannot run commands.",
  };
  $("hint").textContent = done.ok ? "" : refused[done.error] ?? `Slack says: ${done.error}`;
  return done;
}

async function send(field, thread) {
  const typed = field.value.trim(), attached = thread ? null : $("file").files[0];
  if (!typed && !attached) return;
  field.value = "";
  grow(field);
  const [, command, rest] = /^(\/[a-z][\w-]*)\s*([\s\S]*)$/i.exec(typed) ?? [];
  if (command && command !== "/me" && !thread) { await tell(act("slash", { user: me(), channel: open.channel, command, text: rest })); return; }
  const body = { user: me(), channel: open.channel, text: onTheWire(command === "/me" ? rest : typed) };
  if (command === "/me") body.subtype = "me_message";
  if (thread) body.thread_ts = thread;
  if (attached) body.files = [{ name: attached.name, content_base64: await encoded(attached) }];
  $("file").value = "";
  await tell(act("messages", body));
  const list = $(thread ? "replies" : "messages");
  list.scrollTop = list.scrollHeight;
}

function changed(change) {
  if (change.kind === "message" && change.channel !== open.channel && change.message) open.unread.add(change.channel);
  if (change.kind === "all") drawPeople();
  if (change.kind === "all" || change.kind === "connected") drawStatus();
  if (change.kind === "view" || change.kind === "all") drawModal();
  draw();
}

function drawStatus(text) {
  const live = !text || text === "live";
  $("status").dataset.live = String(live && store.connected);
  $("status").textContent = !live ? text : store.connected ? "app connected" : "waiting for the app";
}

function drawPeople() {
  const chosen = me();
  $("acting").replaceChildren(...Object.entries(ROLES).map(([role, label]) => el("optgroup", { label },
    ...[...store.users.values()].filter((u) => u.role === role).map((u) => el("option", { value: u.id, selected: u.id === chosen }, u.real_name)))));
}

function wire() {
  $("file").before(icon("clip"));
  for (const [form, field, thread] of [["composer", "text", () => null], ["reply", "replyText", () => open.thread]]) {
    $(form).addEventListener("submit", (event) => { event.preventDefault(); send($(field), thread()); });
    $(field).addEventListener("input", () => grow($(field)));
    $(field).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $(form).requestSubmit(); }
    });
  }
  $("file").addEventListener("change", () => { $("hint").textContent = $("file").files[0] ? `Attached: ${$("file").files[0].name}` : ""; });
  $("acting").addEventListener("change", () => { drawModal(); draw(); if (open.home) act("home", { user: me() }); });
  $("share").addEventListener("click", () => {
    const shared = store.channels.get(open.channel)?.is_ext_shared;
    tell(act(shared ? "unshare" : "share", { channel: open.channel }));
  });
  $("close").addEventListener("click", () => { open.thread = null; draw(); });
  $("home").addEventListener("click", () => { open.home = true; open.thread = null; document.body.classList.remove("with-nav"); act("home", { user: me() }); draw(); });
  $("menu").addEventListener("click", () => { const shown = document.body.classList.toggle("with-nav"); $("menu").setAttribute("aria-expanded", String(shown)); });
  $("modalClose").addEventListener("click", () => { store.views.delete(open.modal); $("modal").close(); });
  $("modalForm").addEventListener("submit", async (event) => {
    event.preventDefault();
    const done = await tell(act("submit", { user: me(), view_id: open.modal, values: values($("modalBody")) }));
    $("modalError").textContent = done.ok ? Object.values(done.response?.errors ?? {}).join(" ") : $("hint").textContent;
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && goTo(new URL(link.href))) event.preventDefault();
  });
}

function goTo(url) {
  if (url.origin !== location.origin) return false;
  const [, channel, s, us] = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname) ?? [];
  const target = channel ?? url.hash.slice(1);
  if (!store.channels.has(target)) return false;
  go(target, channel && `${s}.${us}`);
  return true;
}

function byTime(a, b) { return a.ts < b.ts ? -1 : 1; }

wire();
await load();
drawPeople();
if (!goTo(new URL(location.href))) draw();
listen(changed, drawStatus);
