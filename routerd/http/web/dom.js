// Small helpers around the DOM. Text always becomes text nodes: nothing here or in the pages parses markup.

// Makes an element. `attributes`: "class", "testid" and "data-..." as one expects; "onclick" and the like add
// listeners; true and false set and leave out; the rest are attributes. Children: nodes, texts, lists, null.
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'testid') node.dataset.testid = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
}

// Makes `parent` hold one child for each of `items`, in their order. Children of items that were there before are
// kept, and with them focus, scroll and what has been typed.
export function reconcile(parent, items, keyOf, make, update = () => {}) {
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = before.get(key);
    if (node) {
      before.delete(key);
    } else {
      node = make(item);
      node.dataset.key = key;
    }
    update(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const node of before.values()) node.remove();
}

// Builds the children of `node` anew, but only if `signature` is not the one they were built from.
export function rebuild(node, signature, build) {
  const text = JSON.stringify(signature);
  if (node.builtFrom === text) return;
  node.builtFrom = text;
  node.replaceChildren();
  append(node, [build()]);
}

// Sets the text of an element if it differs, so that screen readers are not told again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = (id) => document.getElementById(id);

// An icon out of /assets/icons.svg.
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `/assets/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

// A round mark with somebody's initials, in a colour that stays theirs.
export function avatar(name, id = name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? '');
  const initials = (letters.length > 1 ? letters[0] + letters.at(-1) : [...name.trim()].slice(0, 2).join('')) || '?';
  let hue = 0;
  for (const letter of id) hue = (hue * 31 + letter.codePointAt(0)) % 12;
  return h('span', {class: 'avatar', 'data-hue': String(hue), 'aria-hidden': 'true'}, initials.toUpperCase());
}

// A VIP level, as a badge; null for none.
export function vipBadge(level) {
  if (!level) return null;
  return h('span', {class: 'vip', 'data-level': level, testid: 'vip'}, `${level[0].toUpperCase()}${level.slice(1)} VIP`);
}
