// The server as a whole: draining, the log's level, and a look into the directory.

import { card, facts, fill, make } from './dom.js';
import { millisecondsInWords } from './words.js';

const levels = ['trace', 'debug', 'info', 'notice', 'warning', 'error', 'critical'];

export class ServerView {
    title = 'Server';
    topics = ['system.'];

    constructor(desk) {
        this.desk = desk;
        this.state = make('p', { testid: 'drain-state', role: 'status' });
        this.level = make('select', { id: 'level', testid: 'level', disabled: !desk.mayChange }, levels.map((level) => make('option', { value: level, selected: level === 'info' }, level)));
        this.label = make('input', { id: 'label', testid: 'label', type: 'text', spellcheck: 'false', autocapitalize: 'none', placeholder: 'all', disabled: !desk.mayChange });
        this.levelResult = make('div', { testid: 'level-result', role: 'status' });
        this.name = make('input', { id: 'who', type: 'search', testid: 'who', spellcheck: 'false', autocapitalize: 'none', required: true });
        this.kind = make('select', { id: 'kind', testid: 'who-kind' }, make('option', { value: 'username' }, 'user name'), make('option', { value: 'dialString' }, 'number'));
        this.fresh = make('input', { type: 'checkbox', testid: 'who-fresh' });
        this.found = make('div', { testid: 'found', role: 'status' });
        this.drain = desk.button('Drain', {
            testid: 'drain', className: 'stop',
            ask: { title: 'Drain this server?', text: 'It takes no new registrations and calls, and asks its clients to go elsewhere. Calls may end by themselves.', action: 'Drain' },
            act: () => this.#change('system.drain', 'Draining.'),
        });
        this.resume = desk.button('Resume', { testid: 'resume', className: 'primary', act: () => this.#change('system.resume', 'Serving again.') });
        this.element = make('div', { class: 'view', testid: 'server-view' },
            make('h1', {}, 'Server'), desk.viewerNote(),
            make('div', { class: 'columns even' },
                card('Who is that?', {},
                    make('p', { class: 'hint' }, 'Asks the directories, and shows what each of them said.'),
                    make('form', { class: 'line', on: { submit: (event) => this.#resolve(event) } },
                        make('label', {}, 'By', this.kind), make('label', { class: 'grow' }, 'Name or number', this.name),
                        make('button', { type: 'submit', class: 'primary', testid: 'who-submit' }, 'Ask'),
                        make('label', { class: 'flag' }, this.fresh, make('span', {}, 'not from the cache'))),
                    this.found),
                card('Log level', {},
                    make('p', { class: 'hint' }, 'Holds until the server is restarted; the configuration is not changed.'),
                    make('form', { class: 'line', on: { submit: (event) => this.#setLevel(event) } },
                        make('label', {}, 'Level', this.level), make('label', { class: 'grow' }, 'Logger', this.label),
                        make('button', { type: 'submit', testid: 'level-submit', disabled: !desk.mayChange }, 'Set')),
                    this.levelResult),
                card('Maintenance', {}, this.state, make('div', { class: 'actions' }, this.drain, this.resume))));
    }

    async refresh() {
        const info = await this.desk.call('system.info');
        const isServing = info.state === 'serving';
        this.drain.hidden = !isServing;
        this.resume.hidden = isServing;
        fill(this.state, isServing ? 'The server takes new work.'
            : `The server is ${info.state}: ${info.counts.sockets} sockets and ${info.counts.calls} calls are left.`);
    }

    async #change(method, done) {
        await this.desk.attempt(method, {}, { done });
        this.look();
    }

    async #setLevel(event) {
        event.preventDefault();
        const label = this.label.value.trim();
        const result = await this.desk.attempt('system.setLogLevel', { level: this.level.value, ...(label ? { label } : {}) });
        if (!result) return;
        fill(this.levelResult, facts([['All', result.level], ...Object.entries(result.labels ?? {})]));
    }

    async #resolve(event) {
        event.preventDefault();
        let answer;
        try {
            answer = await this.desk.call('directory.resolve', { [this.kind.value]: this.name.value.trim(), fresh: this.fresh.checked });
        } catch (error) {
            return fill(this.found, make('p', { class: 'problem' }, error.problems?.length ? error.problems.map(({ problem }) => problem).join('; ') : error.message));
        }
        fill(this.found,
            make('p', { class: answer.found ? 'good' : 'problem' }, answer.found ? `Known to ${answer.plugin}, in ${millisecondsInWords(answer.milliseconds)}.` : `No directory knows it (${millisecondsInWords(answer.milliseconds)}).`),
            answer.entry ? facts([['User name', answer.entry.username], ['Number', make('a', { href: `#/number/${encodeURIComponent(answer.entry.dialString)}` }, answer.entry.dialString)], ['Display name', answer.entry.displayName], ['Further numbers', answer.entry.furtherDialStrings?.join(', ')]]) : null,
            make('ul', { class: 'problems' }, (answer.asked ?? []).map((one) => make('li', {}, make('code', {}, one.plugin), one.outcome,
                make('span', { class: 'soft' }, millisecondsInWords(one.milliseconds)), one.problem ? make('span', { class: 'problem' }, one.problem) : null))));
    }
}
