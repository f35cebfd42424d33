// How elements are made: text only, never markup, and no character that could make a text look like another.

/** Control, format (direction, zero width), private and line-separating characters, and halves of pairs. */
const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Names come from users. What would be invisible, or would turn the text around, is shown as `\u202e`. */
export function visible(text, { keepsLines = false } = {}) {
    return String(text).replace(hidden, (character) => {
        if (keepsLines && (character === '\n' || character === '\t')) return character;
        return `\\u${character.codePointAt(0).toString(16).padStart(4, '0')}`;
    });
}

/** `make('a', { class: 'soft', href: '#/', on: { click } }, 'text', node, null)`; what is null or false is left out. */
export function make(name, properties = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (key === 'on') for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
        else if (key === 'testid') element.dataset.testid = value;
        else if (key === 'value') element.value = value;
        else element.setAttribute(key, value === true ? '' : typeof value === 'string' ? visible(value) : value);
    }
    return fill(element, ...children);
}

export function fill(element, ...children) {
    const nodes = children.flat().filter((child) => child !== undefined && child !== null && child !== false);
    element.replaceChildren(...nodes.map((child) => (child instanceof Node ? child : visible(child))));
    return element;
}

/** Several lines in a fixed pitch, with their line ends. */
export function preformatted(text, properties = {}) {
    const element = make('pre', properties);
    element.textContent = visible(text, { keepsLines: true });
    return element;
}

/** Puts a new content in the place of an old one only if it differs, so that focus and selection stay. */
export function refill(element, ...children) {
    const fresh = fill(element.cloneNode(false), ...children);
    if (fresh.childNodes.length === element.childNodes.length
        && [...fresh.childNodes].every((node, index) => node.isEqualNode(element.childNodes[index]))) return;
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    element.replaceChildren(...fresh.childNodes);
    if (focused) element.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

/** A list of facts: pairs of a title and text, node or nothing; those with nothing are left out. */
export function facts(pairs, properties = {}) {
    return make('dl', { class: 'facts', ...properties }, pairs
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([title, value]) => make('div', {}, make('dt', {}, title), make('dd', {}, value))));
}

export function card(title, properties, ...children) {
    const heading = make('h2', {}, title);
    return make('section', { class: 'card', ...properties }, heading, ...children);
}
