// Registrations: who is here, with filters that stay in the address.

import { make } from './dom.js';
import { Paging } from './paging.js';
import { LiveTable } from './table.js';
import { durationInWords, secondsSince, timeInWords } from './words.js';

const filterNames = ['dialString', 'username', 'connected', 'plugin'];

export const presence = (registration) => {
    if (registration.quarantined) return make('span', { class: 'pill', 'data-state': 'failed' }, 'quarantined');
    if (registration.connected) return make('span', { class: 'pill', 'data-state': 'ok' }, 'connected');
    return make('span', { class: 'pill', 'data-state': registration.canBeWoken ? 'degraded' : 'disabled' }, registration.canBeWoken ? 'away, can be woken' : 'away');
};

export class RegistrationsView {
    title = 'Registrations';
    topics = ['registration.', 'call.'];

    constructor(desk, { query }) {
        this.desk = desk;
        this.paging = new Paging(() => this.look());
        this.table = new LiveTable({
            title: 'Registrations', testid: 'registrations', keyOf: (registration) => registration.id,
            empty: 'No registration fits.',
            columns: [
                { title: 'Id', class: 'fit', cell: ({ id }) => make('a', { href: `#/registrations/${id}`, testid: `open-${id}` }, id) },
                { title: 'Number', class: 'number', cell: ({ dialString }) => dialString },
                { title: 'Name', class: 'wide', cell: ({ displayName, username }) => [displayName ?? username ?? '',
                    displayName && username ? make('span', { class: 'soft' }, ` ${username}`) : null] },
                { title: 'State', class: 'fit', cell: presence },
                { title: 'Calls', class: 'fit', cell: ({ calls }) => (calls ?? []).flatMap((call, index) => [index ? ', ' : null, make('a', { href: `#/calls/${call}` }, call)]) },
                { title: 'Address', class: 'mono', cell: ({ peer }) => peer ?? '' },
                { title: 'Program', class: 'wide soft', cell: ({ client }) => client ?? '' },
                { title: 'Since', class: 'figure', ticks: true, cell: ({ registeredAt }) => make('time', { datetime: registeredAt, title: timeInWords(registeredAt) }, durationInWords(secondsSince(registeredAt))) },
            ],
        });
        this.inputs = {
            dialString: make('input', { type: 'search', testid: 'filter-dialString', inputmode: 'tel' }),
            username: make('input', { type: 'search', testid: 'filter-username', autocapitalize: 'none', spellcheck: 'false' }),
            connected: make('select', { testid: 'filter-connected' },
                make('option', { value: '' }, 'all'), make('option', { value: 'true' }, 'connected'), make('option', { value: 'false' }, 'away')),
            plugin: make('select', { testid: 'filter-plugin' }, make('option', { value: '' }, 'all')),
        };
        for (const name of filterNames) this.inputs[name].value = query.get(name) ?? '';
        this.wantedPlugin = query.get('plugin');
        const titles = { dialString: 'Number', username: 'User name', connected: 'Connection', plugin: 'Directory' };
        this.element = make('div', { class: 'view', testid: 'registrations-view' },
            make('h1', {}, 'Registrations'),
            make('form', { class: 'filters', role: 'search', on: {
                input: () => this.#filter(), submit: (event) => event.preventDefault(),
            } }, filterNames.map((name) => make('label', {}, titles[name], this.inputs[name]))),
            make('p', { class: 'problem', role: 'alert', testid: 'filter-problem' }),
            make('div', { class: 'card flush' }, this.table.element), this.paging.element);
        this.problem = this.element.querySelector('[data-testid=filter-problem]');
    }

    #filter() {
        clearTimeout(this.wait);
        this.wait = setTimeout(() => {
            this.wantedPlugin = null;
            this.paging.reset();
            const query = new URLSearchParams(filterNames.map((name) => [name, this.inputs[name].value.trim()]).filter(([, value]) => value));
            history.replaceState(null, '', `#/registrations${query.size ? `?${query}` : ''}`);
            this.look();
        }, 250);
    }

    async #listPlugins() {
        const { items } = await this.desk.call('plugins.list');
        this.hasPlugins = true;
        const names = items.filter((plugin) => (plugin.roles ?? plugin.role ?? []).includes('directory')).map((plugin) => plugin.name);
        this.inputs.plugin.append(...names.map((name) => make('option', { value: name }, name)));
        if (names.includes(this.wantedPlugin)) this.inputs.plugin.value = this.wantedPlugin;
    }

    async refresh() {
        if (!this.hasPlugins) await this.#listPlugins();
        const params = { limit: 100, ...this.paging.params };
        for (const name of filterNames) {
            const value = this.inputs[name].value.trim();
            if (value) params[name] = name === 'connected' ? value === 'true' : value;
        }
        try {
            const { items, cursor } = await this.desk.call('registrations.list', params);
            this.table.update(items);
            this.paging.show(items.length, cursor);
            this.problem.textContent = '';
        } catch (error) {
            if (!error.problems?.length) throw error;
            this.table.update([]);
            this.problem.textContent = error.problems.map(({ problem }) => problem).join('; ');
        }
    }

    tick() {
        this.table.tick();
    }

    end() {
        clearTimeout(this.wait);
    }
}
