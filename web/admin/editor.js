// A text field with line numbers, whose problems stand beside their lines.

import { make } from './dom.js';
import { lineAt } from './pointer.js';

export class Editor {
    #marks = new Set();
    #shownLines = '';

    constructor({ changed }) {
        this.gutter = make('pre', { class: 'gutter', 'aria-hidden': 'true' });
        this.input = make('textarea', {
            testid: 'editor', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none', wrap: 'off', 'aria-label': 'Configuration as JSON',
            on: { input: () => {
                this.#marks.clear();
                this.#showLines();
                changed();
            }, scroll: () => this.#follow() },
        });
        this.element = make('div', { class: 'editor' }, this.gutter, this.input);
    }

    get text() {
        return this.input.value;
    }

    set text(text) {
        this.input.value = text;
        this.#marks.clear();
        this.#showLines();
    }

    mark(places) {
        this.#marks = new Set(places.filter(Boolean).map(({ start }) => lineAt(this.text, start)));
        this.#showLines();
    }

    /** Selects a place and brings it into view. */
    select({ start, end }) {
        this.input.focus();
        this.input.setSelectionRange(start, end);
        const height = this.input.scrollHeight / this.text.split('\n').length;
        this.input.scrollTop = Math.max(0, (lineAt(this.text, start) - 6) * height);
        this.input.scrollLeft = 0;
        this.#follow();
    }

    #showLines() {
        const count = this.text.split('\n').length;
        const lines = `${count} ${[...this.#marks]}`;
        if (lines === this.#shownLines) return;
        this.#shownLines = lines;
        this.gutter.replaceChildren(...Array.from({ length: count }, (_, index) =>
            make('span', { class: this.#marks.has(index + 1) ? 'marked' : null }, String(index + 1))).flatMap((line) => [line, '\n']));
        this.#follow();
    }

    #follow() {
        this.gutter.scrollTop = this.input.scrollTop;
    }
}
