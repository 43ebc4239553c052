// The emoji picker: the labels' usual emoji first, all others by search.

import { el } from "./markup.js";
import { glyph, store } from "./store.js";

const USUAL = ["moneybag", "hammer_and_wrench", "bust_in_silhouette", "speech_balloon", "question", "sos", "white_check_mark", "raising_hand",
  "eyes", "thumbsup", "thumbsdown", "tada", "heart", "pray", "wrench", "key", "money_with_wings", "credit_card", "bug", "rocket", "warning",
  "x", "wave", "thinking_face", "fire", "100", "hourglass", "mag", "lock", "bulb", "no_entry", "star"];
const MOST = 64;

export function picker(box, search, grid) {
  let chosen = () => {};
  const close = () => { box.hidden = true; };

  function draw() {
    const wanted = search.value.trim().toLowerCase().replaceAll(":", "").replaceAll(" ", "_");
    const all = [...Object.keys(store.custom), ...Object.keys(store.emoji)];
    const names = wanted ? all.filter((name) => name.includes(wanted)).slice(0, MOST) : [...Object.keys(store.custom), ...USUAL];
    grid.replaceChildren(...names.map((name) => {
      const node = el("button", { type: "button", title: `:${name}:`, ariaLabel: name }, glyph(name));
      node.addEventListener("click", () => { close(); chosen(name); });
      return node;
    }));
  }

  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") grid.firstElementChild?.click(); });
  box.addEventListener("click", (event) => event.stopPropagation());
  document.addEventListener("click", close);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  return (anchor, then) => {
    chosen = then;
    search.value = "";
    draw();
    box.hidden = false;
    const at = anchor.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(at.left - 120, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(8, Math.min(at.bottom + 6, innerHeight - box.offsetHeight - 8))}px`;
    search.focus();
  };
}
