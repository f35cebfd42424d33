// A table that changes row by row: what stays the same is not touched, so focus, selection and scroll stay too.

import { make, refill } from './dom.js';

/**
 * `columns`: `{ title, class?, cell(item) → text, node or list of them }`; `keyOf(item)` names a row.
 * The roles are said aloud since a narrow screen shows rows as cards, and `display` would take the meaning away.
 */
export class LiveTable {
    #columns;
    #keyOf;
    #rows = new Map();
    #body;
    #empty;

    constructor({ title, columns, keyOf, empty = 'Nothing here.', testid }) {
        this.#columns = columns;
        this.#keyOf = keyOf;
        this.#body = make('tbody', { role: 'rowgroup' });
        this.#empty = make('p', { class: 'empty', testid: `${testid}-empty` }, empty);
        this.element = make('div', { class: 'table' },
            make('table', { role: 'table', 'aria-label': title, testid },
                make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, columns.map((column) => make(
                    'th', { role: 'columnheader', scope: 'col', class: column.class }, column.title,
                )))),
                this.#body),
            this.#empty);
        this.update([]);
    }

    update(items) {
        const wanted = new Map(items.map((item) => [this.#keyOf(item), item]));
        for (const [key, row] of this.#rows) {
            if (wanted.has(key)) continue;
            row.element.remove();
            this.#rows.delete(key);
        }
        let place = this.#body.firstElementChild;
        for (const [key, item] of wanted) {
            const row = this.#rows.get(key) ?? this.#add(key);
            this.#show(row, item);
            if (row.element === place) place = place.nextElementSibling;
            else this.#body.insertBefore(row.element, place);
        }
        this.#empty.hidden = items.length > 0;
        this.element.firstElementChild.hidden = items.length === 0;
    }

    /** Shows the same items again: for cells that tell how long something lasts. */
    tick() {
        for (const row of this.#rows.values()) this.#show(row, row.item, true);
    }

    #add(key) {
        const cells = this.#columns.map((column) => make('td', { role: 'cell', class: column.class, 'data-title': column.title }));
        const row = { element: make('tr', { role: 'row', testid: 'row', 'data-key': key }, cells), cells, text: null, item: null };
        this.#rows.set(key, row);
        return row;
    }

    #show(row, item, isTick = false) {
        const text = isTick ? row.text : JSON.stringify(item);
        if (!isTick && text === row.text) return;
        row.text = text;
        row.item = item;
        this.#columns.forEach((column, index) => {
            if (isTick && !column.ticks) return;
            refill(row.cells[index], column.cell(item));
            row.cells[index].classList.toggle('nothing', !row.cells[index].textContent);
        });
    }
}
