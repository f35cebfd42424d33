// The panel that shows each message of the protocol, with its secrets shortened.

import { inLogWords, redacted } from './redaction.js';

const limit = 300;

export class ProtocolLog {
    #list;
    #empty;

    constructor(page) {
        this.#list = page.querySelector('[data-testid=log]');
        this.#empty = page.querySelector('[data-testid=log-empty]');
        page.querySelector('[data-testid=log-clear]').onclick = () => {
            this.#list.replaceChildren();
            this.#empty.hidden = false;
        };
    }

    /** Direction is `in`, `out` or, with a text of the page's own, `note`. */
    add({ direction, content }) {
        this.#empty.hidden = true;
        const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
        const line = element('li', direction);
        const time = element('time', '', new Date().toLocaleTimeString([], { hour12: false }));
        const arrow = element('span', 'arrow', { in: '←', out: '→', note: '·' }[direction]);
        arrow.setAttribute('aria-label', { in: 'received', out: 'sent', note: 'note' }[direction]);
        if (direction === 'note') line.append(time, arrow, element('span', 'what', content));
        else line.append(this.#details(time, arrow, redacted(content)));
        this.#list.append(line);
        while (this.#list.childElementCount > limit) this.#list.firstElementChild.remove();
        if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
    }

    #details(time, arrow, message) {
        const details = document.createElement('details');
        const summary = document.createElement('summary');
        const { title, state, rest } = inLogWords(message);
        summary.append(time, arrow, element('span', 'what', title));
        if (state) summary.append(element('span', `tag ${message.state}`, state));
        if (rest) summary.append(element('span', 'rest', rest));
        details.append(summary, element('pre', '', JSON.stringify(message, null, 2).replaceAll('\\r\\n', '\n      ')));
        return details;
    }
}

function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
}
