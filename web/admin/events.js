// Events: what happens, as it happens. Shown four times a second at most, and never more than can be read.

import { make, preformatted } from './dom.js';
import { eventDetails, eventInWords, numberInWords, timeInWords } from './words.js';

const limit = 300;
const families = ['registration', 'call', 'notification', 'plugin', 'system'];

export class EventsView {
    title = 'Events';
    topics = [];
    #waiting = [];
    #timer = null;

    constructor(desk) {
        this.desk = desk;
        this.isPaused = false;
        this.missed = 0;
        this.list = make('ol', { class: 'events', testid: 'events', tabindex: '0', 'aria-label': 'Events, the newest first' });
        this.empty = make('p', { class: 'empty', testid: 'events-empty' }, 'Nothing has happened since this page was opened.');
        this.counts = make('p', { class: 'hint number', testid: 'event-counts', role: 'status' });
        this.pause = make('button', { type: 'button', testid: 'pause', 'aria-pressed': 'false', on: { click: () => this.#toggle() } }, 'Pause');
        this.text = make('input', { type: 'search', testid: 'event-text', placeholder: 'number, call, reason …', 'aria-label': 'Containing the text', on: { input: () => this.#showAll() } });
        this.boxes = families.map((family) => make('input', { type: 'checkbox', testid: `topic-${family}`, on: { change: () => this.#showAll() } }));
        for (const box of this.boxes) box.checked = true;
        this.element = make('div', { class: 'view', testid: 'events-view' },
            make('h1', {}, 'Events'),
            make('div', { class: 'filters' },
                make('fieldset', { class: 'chips' }, make('legend', { class: 'spoken' }, 'Topics'),
                    families.map((family, index) => make('label', { class: 'chip' }, this.boxes[index], make('span', {}, family)))),
                this.text, this.pause,
                make('button', { type: 'button', testid: 'clear', on: { click: () => this.#clear() } }, 'Clear')),
            this.counts,
            make('div', { class: 'card flush' }, this.list, this.empty));
        this.#showAll();
    }

    async refresh() {
        this.#showCounts();
    }

    receive(event) {
        if (this.isPaused) {
            this.missed += 1;
        } else {
            this.#waiting.push(event);
            if (this.#waiting.length > limit) this.#waiting.splice(0, this.#waiting.length - limit);
        }
        this.#timer ??= setTimeout(() => this.#flush(), 250);
    }

    #fits({ event, data }) {
        const index = families.indexOf(event.split('.')[0]);
        if (event !== 'system.lost' && index >= 0 && !this.boxes[index].checked) return false;
        const wanted = this.text.value.trim().toLowerCase();
        return !wanted || `${event} ${JSON.stringify(data ?? {})}`.toLowerCase().includes(wanted);
    }

    #flush() {
        this.#timer = null;
        this.#add(this.#waiting.splice(0));
        this.#showCounts();
    }

    #add(events) {
        const fitting = events.filter((event) => this.#fits(event));
        if (!fitting.length) return;
        const { scrollTop, scrollHeight } = this.list;
        this.list.prepend(...fitting.map((event) => this.#line(event)).reverse());
        while (this.list.childElementCount > limit) this.list.lastElementChild.remove();
        // Who reads further down is not pushed away by what is new.
        if (scrollTop > 0) this.list.scrollTop = scrollTop + this.list.scrollHeight - scrollHeight;
        this.empty.hidden = true;
    }

    #line(event) {
        const { call, registration } = event.data ?? {};
        return make('li', { 'data-family': event.event.split('.')[0], 'data-event': event.event },
            make('time', { datetime: event.at }, timeInWords(event.at, { isPrecise: true })),
            make('strong', {}, eventInWords(event.event)),
            make('span', { class: 'soft' }, eventDetails(event)),
            call ? make('a', { href: `#/calls/${call}` }, `call ${call}`) : null,
            registration ? make('a', { href: `#/registrations/${registration}` }, `registration ${registration}`) : null,
            make('details', {}, make('summary', { 'aria-label': `All of ${event.event}` }, '…'), preformatted(JSON.stringify(event.data ?? {}, null, 2))));
    }

    #showAll() {
        this.list.replaceChildren();
        this.empty.hidden = false;
        this.#waiting = [];
        this.#add(this.isPaused ? this.frozen : this.desk.stream.recent.filter((event) => !this.clearedAt || event.at > this.clearedAt));
        this.empty.hidden = this.list.childElementCount > 0;
        this.#showCounts();
    }

    #toggle() {
        this.isPaused = !this.isPaused;
        this.pause.setAttribute('aria-pressed', String(this.isPaused));
        this.pause.textContent = this.isPaused ? 'Go on' : 'Pause';
        if (this.isPaused) {
            this.#flush();
            this.frozen = [...this.desk.stream.recent];
            return;
        }
        this.missed = 0;
        this.#showAll();
    }

    #clear() {
        this.clearedAt = this.desk.stream.recent.at(-1)?.at;
        if (this.isPaused) this.frozen = [];
        this.#showAll();
    }

    #showCounts() {
        const { lost } = this.desk.stream;
        const parts = [this.isPaused ? `Paused · ${numberInWords(this.missed)} since then` : null,
            lost ? `${numberInWords(lost)} lost: the server sent faster than this page could read` : null];
        const text = parts.filter(Boolean).join(' · ') || 'None lost.';
        if (this.counts.textContent !== text) this.counts.textContent = text;
        this.counts.classList.toggle('problem', lost > 0);
    }

    end() {
        clearTimeout(this.#timer);
    }
}
