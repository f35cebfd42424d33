// Pushes: what was sent to wake somebody, and what the messaging service said.

import { make } from './dom.js';
import { Paging } from './paging.js';
import { LiveTable } from './table.js';
import { millisecondsInWords, timeInWords } from './words.js';

const states = { accepted: 'ok', throttled: 'degraded' };

export function pushColumns({ isShort = false } = {}) {
    const columns = [
        { title: 'Time', class: 'fit', cell: ({ at }) => make('time', { datetime: at }, timeInWords(at)) },
        { title: 'Number', class: 'number', cell: ({ dialString }) => dialString ?? '' },
        { title: 'Registration', class: 'fit', cell: ({ registration }) => make('a', { href: `#/registrations/${registration}` }, registration) },
        { title: 'Kind', class: 'fit', cell: ({ kind }) => kind },
        { title: 'Outcome', class: 'fit', cell: ({ outcome }) => make('span', { class: 'pill', 'data-state': states[outcome] ?? 'failed' }, outcome) },
        { title: 'Took', class: 'figure', cell: ({ latencyMilliseconds }) => millisecondsInWords(latencyMilliseconds) },
        { title: 'Plugin', class: 'fit', cell: ({ plugin }) => (plugin ? make('a', { href: `#/plugins/${encodeURIComponent(plugin)}` }, plugin) : '') },
        { title: 'Call', class: 'fit', cell: ({ call }) => (call ? make('a', { href: `#/calls/${call}` }, call) : '') },
        { title: 'Problem', class: 'wide', cell: ({ problem }) => problem ?? '' },
    ];
    return isShort ? columns.filter(({ title }) => title !== 'Number' && title !== 'Registration') : columns;
}

export class PushesView {
    title = 'Pushes';
    topics = ['notification.'];

    constructor(desk, { query }) {
        this.desk = desk;
        this.paging = new Paging(() => this.look());
        this.table = new LiveTable({
            title: 'Pushes', testid: 'pushes', keyOf: (push) => `${push.at} ${push.registration} ${push.kind} ${push.call ?? ''}`,
            empty: 'No push was sent.', columns: pushColumns(),
        });
        this.number = make('input', { type: 'search', testid: 'push-number', inputmode: 'tel', value: query.get('dialString') ?? '' });
        this.element = make('div', { class: 'view', testid: 'pushes-view' },
            make('h1', {}, 'Pushes'),
            make('form', { class: 'filters', role: 'search', on: {
                input: () => {
                    this.paging.reset();
                    this.look();
                },
                submit: (event) => event.preventDefault(),
            } }, make('label', {}, 'Number', this.number)),
            make('div', { class: 'card flush' }, this.table.element), this.paging.element);
    }

    async refresh() {
        const dialString = this.number.value.trim();
        const params = { limit: 100, ...this.paging.params, ...(dialString ? { dialString } : {}) };
        const { items, cursor } = await this.desk.call('notifications.history', params);
        this.table.update(items);
        this.paging.show(items.length, cursor);
    }
}
