// One plugin: how it is, how much it is asked and how fast it answers, and its settings.

import { card, facts, fill, make, preformatted, refill } from './dom.js';
import { statusPill } from './overview.js';
import { rolesOf } from './plugins.js';
import { codes } from './rpc.js';
import { settingsSchema } from './schema.js';
import { SettingsForm } from './settings-form.js';
import { LiveTable } from './table.js';
import { durationInWords, millisecondsInWords, numberInWords, secondsSince } from './words.js';

export class PluginView {
    topics = ['plugin.', 'system.configured', 'call.', 'registration.', 'notification.'];

    constructor(desk, { subject }) {
        this.desk = desk;
        this.name = subject;
        this.title = `Plugin ${subject}`;
        this.facts = make('div', { testid: 'plugin-facts' });
        this.switch = make('div', { class: 'actions' });
        this.counters = new LiveTable({
            title: 'Counters', testid: 'counters', keyOf: ({ question, outcome }) => `${question} ${outcome}`, empty: 'It was not asked yet.',
            columns: [
                { title: 'Question', class: 'wide', cell: ({ question }) => question }, { title: 'Outcome', class: 'fit', cell: ({ outcome }) => outcome },
                { title: 'Count', class: 'figure', cell: ({ count }) => numberInWords(count) },
            ],
        });
        this.latencies = new LiveTable({
            title: 'Latencies', testid: 'latencies', keyOf: ({ question }) => question, empty: 'Nothing was measured yet.',
            columns: [
                { title: 'Question', class: 'wide', cell: ({ question }) => question }, { title: 'Count', class: 'figure', cell: ({ count }) => numberInWords(count) },
                { title: 'Median', class: 'figure', cell: (one) => millisecondsInWords(one.p50Milliseconds) },
                { title: '90 %', class: 'figure', cell: (one) => millisecondsInWords(one.p90Milliseconds) },
                { title: '99 %', class: 'figure', cell: (one) => millisecondsInWords(one.p99Milliseconds) },
            ],
        });
        this.settings = make('div', { testid: 'settings' });
        this.missing = make('p', { class: 'card empty', hidden: true, testid: 'gone' }, 'There is no plugin of this name.');
        this.body = make('div', { class: 'columns' },
            make('div', { class: 'stack' }, card('Settings', {}, this.settings)),
            make('div', { class: 'stack' },
                card('Status', {}, this.facts, this.switch, desk.viewerNote()),
                card('Answers', { class: 'card flush' }, this.counters.element), card('Time to answer', { class: 'card flush' }, this.latencies.element)));
        this.element = make('div', { class: 'view', testid: 'plugin-view' },
            make('p', { class: 'crumb' }, make('a', { href: '#/plugins' }, 'Plugins')),
            make('h1', {}, `Plugin ${subject}`), this.missing, this.body);
    }

    async refresh() {
        try {
            this.plugin = await this.desk.call('plugins.get', { name: this.name });
        } catch (error) {
            if (error.code !== codes.notFound) throw error;
            this.body.hidden = true;
            this.missing.hidden = false;
            return;
        }
        this.tick();
        this.counters.update(this.plugin.counters ?? []);
        this.latencies.update(this.plugin.latencies ?? []);
        this.#showSwitch();
        await this.#showSettings();
    }

    get isChanged() {
        return this.form?.isChanged ?? false;
    }

    #showSwitch() {
        if (this.shownEnabled === this.plugin.enabled) return;
        this.shownEnabled = this.plugin.enabled;
        const { enabled } = this.plugin;
        fill(this.switch, this.desk.button(enabled ? 'Disable' : 'Enable', {
            testid: 'switch', className: enabled ? 'stop' : 'primary',
            ask: enabled ? { title: `Disable ${this.name}?`, text: 'What it answers is not known any more until it is enabled again. Connections and calls stay.', action: 'Disable' } : undefined,
            act: async () => {
                await this.desk.attempt(enabled ? 'plugins.disable' : 'plugins.enable', { name: this.name }, { done: enabled ? 'Disabled.' : 'Enabled.' });
                this.look();
            },
        }));
    }

    async #showSettings() {
        const text = JSON.stringify(this.plugin.settings ?? {});
        if (text === this.shownSettings) return;
        // What is being typed is not taken away; the server merges it with what is new.
        if (this.form?.isChanged) return;
        this.schema ??= settingsSchema(await this.desk.call('config.schema'), this.plugin.kind);
        this.shownSettings = text;
        if (!this.schema) return fill(this.settings, preformatted(JSON.stringify(this.plugin.settings ?? {}, null, 2)));
        this.form = new SettingsForm({
            desk: this.desk, schema: this.schema, settings: this.plugin.settings ?? {}, root: `${this.plugin.pointer ?? ''}/settings`,
            apply: (settings, persist) => this.#apply(settings, persist),
            reset: () => {
                this.form = null;
                this.shownSettings = null;
                this.look();
            },
        });
        fill(this.settings, this.form.element);
    }

    async #apply(settings, persist) {
        const result = await this.desk.call('plugins.configure', { name: this.name, settings, persist });
        const restart = result.restartRequired?.length ? ' Some of it takes effect after a restart.' : '';
        this.desk.say(`Applied as revision ${result.revision}.${restart}`);
        this.form = null;
        this.shownSettings = null;
        this.look();
    }

    tick() {
        if (!this.plugin) return;
        const { kind, enabled, health, cache } = this.plugin;
        refill(this.facts, facts([
            ['Status', statusPill(enabled ? health?.status ?? 'ok' : 'disabled')], ['Kind', kind], ['Serves as', rolesOf(this.plugin).join(', ')],
            ['For', health?.since ? durationInWords(secondsSince(health.since)) : null],
            ['Problem', health?.problem ? make('span', { class: 'problem' }, health.problem) : null],
            ['Cache', cache ? `${numberInWords(cache.hit)} hits · ${numberInWords(cache.miss)} misses · ${numberInWords(cache.joined)} joined · ${numberInWords(cache.stale)} stale` : null],
        ]));
    }
}
