// Renders Block Kit as DOM nodes: the usual blocks and elements, and the inputs of modals.

import { el, mrkdwn, plainText } from "./markup.js";

export function blocks(list, press) {
  return (list ?? []).map((block) => render(block, press)).filter(Boolean);
}

export function values(root) {
  const found = {};
  for (const node of root.querySelectorAll("[data-action]")) {
    const { block, action, type } = node.dataset;
    const value = type === "plain_text_input" ? { type, value: node.value || null }
      : { type, selected_option: node.value ? JSON.parse(node.value) : null };
    (found[block] ??= {})[action] = value;
  }
  return found;
}

function render(block, press) {
  switch (block.type) {
    case "header": return el("h3", { className: "b-header" }, plainText(block.text));
    case "divider": return el("hr");
    case "section": return section(block, press);
    case "context": return el("div", { className: "b-context" }, ...block.elements.map((e) => part(e, block, press)));
    case "actions": return el("div", { className: "actions" }, ...block.elements.map((e) => part(e, block, press)));
    case "input": return el("label", { className: "b-input" }, el("span", {}, plainText(block.label)),
      part(block.element, block, null), block.hint && el("small", {}, plainText(block.hint)));
    case "image": return part(block, block, press);
    case "markdown": return el("div", { className: "text" }, ...mrkdwn(block.text));
    default: return null;
  }
}

function section(block, press) {
  const fields = block.fields && el("div", { className: "b-fields" },
    ...block.fields.map((f) => el("div", {}, ...text(f))));
  const body = el("div", { className: "b-body" }, block.text && el("div", { className: "text" }, ...text(block.text)), fields);
  return el("div", { className: "b-section" }, body, block.accessory && part(block.accessory, block, press));
}

function text(object) {
  return object.type === "plain_text" ? [plainText(object)] : mrkdwn(object.text);
}

function part(e, block, press) {
  const base = { type: e.type, action_id: e.action_id, block_id: block.block_id };
  if (e.type === "mrkdwn" || e.type === "plain_text") return el("span", { className: "text" }, ...text(e));
  if (e.type === "image") return el("img", { src: e.image_url ?? "", alt: e.alt_text ?? "" });
  if (e.type === "button") return button(e, base, press);
  if (e.type === "plain_text_input") {
    const node = el(e.multiline ? "textarea" : "input", { value: e.initial_value ?? "", placeholder: plainText(e.placeholder) });
    return mark(node, base);
  }
  if (e.options) return choice(e, base, press);
  return el("span", { className: "b-unknown" }, `[${e.type}]`);
}

function button(e, base, press) {
  const label = plainText(e.text);
  if (e.url) return el("a", { className: `button ${e.style ?? ""}`, href: /^https?:/i.test(e.url) ? e.url : "#", target: "_blank", rel: "noreferrer noopener" }, label);
  const node = el("button", { type: "button", className: `button ${e.style ?? ""}` }, label);
  node.addEventListener("click", () => press?.({ ...base, value: e.value, text: e.text }));
  return node;
}

function choice(e, base, press) {
  const first = plainText(e.placeholder) || (e.type === "overflow" ? "⋯" : "Choose…");
  const node = el("select", { ariaLabel: first }, el("option", { value: "" }, first),
    ...e.options.map((o) => el("option", { value: JSON.stringify(o), selected: e.initial_option?.value === o.value }, plainText(o.text))));
  if (press) node.addEventListener("change", () => node.value && press({ ...base, selected_option: JSON.parse(node.value) }));
  return mark(node, base);
}

function mark(node, base) {
  Object.assign(node.dataset, { block: base.block_id, action: base.action_id, type: base.type });
  return node;
}
