// Pages of a list by the server's cursors. The way back is remembered here, for the server knows only the next page.

import { make } from './dom.js';

export class Paging {
    #cursors = [undefined];
    #next;

    constructor(changed) {
        this.back = make('button', { type: 'button', testid: 'page-back', on: { click: () => this.#turn(-1, changed) } }, '‹ Newer');
        this.forth = make('button', { type: 'button', testid: 'page-next', on: { click: () => this.#turn(1, changed) } }, 'More ›');
        this.text = make('span', { class: 'soft number', testid: 'page-text', role: 'status' });
        this.element = make('div', { class: 'paging' }, this.back, this.text, this.forth);
        this.show(0, undefined);
    }

    get cursor() {
        return this.#cursors.at(-1);
    }

    get params() {
        return this.cursor === undefined ? {} : { cursor: this.cursor };
    }

    reset() {
        this.#cursors = [undefined];
    }

    #turn(by, changed) {
        if (by > 0 && this.#next !== undefined) this.#cursors.push(this.#next);
        else if (by < 0 && this.#cursors.length > 1) this.#cursors.pop();
        changed();
    }

    show(count, next) {
        this.#next = next;
        this.back.disabled = this.#cursors.length === 1;
        this.forth.disabled = next === undefined;
        this.text.textContent = `page ${this.#cursors.length} · ${count} shown`;
        this.element.hidden = this.back.disabled && this.forth.disabled;
    }
}
