// The page's copy of the workspace: loaded once, then updated from the stream of changes.

export const store = {
  users: new Map(), groups: new Map(), channels: new Map(), messages: new Map(),
  ephemerals: [], views: new Map(), custom: {}, emoji: {}, bot: "", connected: false,
};

export async function load() {
  if (!Object.keys(store.emoji).length) store.emoji = await fetch("/static/emoji.json").then((r) => r.json());
  const state = await fetch("/control/state").then((r) => r.json());
  store.users = byId(state.users);
  store.groups = byId(state.usergroups);
  store.channels = byId(state.channels);
  store.messages = new Map(Object.entries(state.messages).map(
    ([channel, list]) => [channel, new Map(list.map((m) => [m.ts, m]))]));
  store.ephemerals = state.ephemerals;
  store.views = byId(state.views);
  store.custom = state.emoji;
  store.bot = state.bot_user_id;
  store.connected = state.connected;
}

export function listen(changed, status) {
  const source = new EventSource("/control/stream");
  let early = null; // changes that arrive during loading: the loaded state may be older
  source.onopen = async () => {
    early = [];
    await load();
    early.forEach(apply);
    early = null;
    status("live");
    changed({ kind: "all" });
  };
  source.onerror = () => status("reconnecting…");
  source.onmessage = (line) => {
    const change = JSON.parse(line.data);
    early?.push(change);
    apply(change);
    changed(change);
  };
}

function apply(change) {
  if (change.kind === "message") {
    const kept = store.messages.get(change.channel) ?? new Map();
    store.messages.set(change.channel, kept);
    if (change.message) kept.set(change.ts, change.message); else kept.delete(change.ts);
  } else if (change.kind === "ephemeral") {
    store.ephemerals = store.ephemerals.filter((m) => m.ts !== change.message.ts);
    if (!change.gone) store.ephemerals.push(change.message);
  } else if (change.kind === "view") store.views.set(change.view.id, change.view);
  else if (change.kind === "channel") store.channels.set(change.channel.id, change.channel);
  else if (change.kind === "connected") store.connected = change.connected;
  else if (change.kind === "emoji") store.custom = change.emoji;
}

export async function act(name, body) {
  const answer = await fetch(`/control/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  return answer.json();
}

export function glyph(name) {
  const bare = name.split("::")[0];
  const own = store.custom[bare];
  if (own?.startsWith("alias:")) return store.emoji[own.slice(6)] ?? `:${bare}:`;
  return store.emoji[bare] ?? `:${bare}:`;
}

function byId(list) { return new Map(list.map((item) => [item.id, item])); }
