// Plugins: which there are and how they are.

import { make } from './dom.js';
import { statusPill } from './overview.js';
import { LiveTable } from './table.js';
import { durationInWords, secondsSince } from './words.js';

export const rolesOf = (plugin) => plugin.roles ?? plugin.role ?? [];

export class PluginsView {
    title = 'Plugins';
    topics = ['plugin.', 'system.configured'];

    constructor(desk) {
        this.desk = desk;
        this.table = new LiveTable({
            title: 'Plugins', testid: 'plugins', keyOf: (plugin) => plugin.name, empty: 'No plugin is configured.',
            columns: [
                { title: 'Plugin', class: 'wide', cell: ({ name }) => make('a', { href: `#/plugins/${encodeURIComponent(name)}`, testid: `plugin-${name}` }, name) },
                { title: 'Kind', class: 'fit', cell: ({ kind }) => kind },
                { title: 'Serves as', cell: (plugin) => rolesOf(plugin).join(', ') },
                { title: 'Status', class: 'fit', cell: ({ enabled, health }) => statusPill(enabled ? health?.status ?? 'ok' : 'disabled') },
                { title: 'For', class: 'figure', ticks: true, cell: ({ health }) => (health?.since ? durationInWords(secondsSince(health.since)) : '') },
                { title: 'Problem', class: 'wide', cell: ({ health }) => health?.problem ?? '' },
            ],
        });
        this.element = make('div', { class: 'view', testid: 'plugins-view' },
            make('h1', {}, 'Plugins'), make('div', { class: 'card flush' }, this.table.element));
    }

    async refresh() {
        const { items } = await this.desk.call('plugins.list');
        this.table.update(items);
    }

    tick() {
        this.table.tick();
    }
}
