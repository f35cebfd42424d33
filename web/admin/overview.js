// Overview: what is wrong comes first, then how much there is of what, and what just happened.

import { card, fill, facts, make, refill } from './dom.js';
import { LiveTable } from './table.js';
import { durationInWords, eventDetails, eventInWords, numberInWords, partyInWords, secondsSince, timeInWords } from './words.js';

export const statusPill = (status) => make('span', { class: 'pill', 'data-state': status }, status);

export class OverviewView {
    title = 'Overview';
    topics = ['registration.', 'call.', 'plugin.', 'system.'];

    constructor(desk) {
        this.desk = desk;
        this.wrong = make('section', { class: 'wrong', testid: 'wrong', 'aria-labelledby': 'wrong-title' });
        this.counts = make('dl', { class: 'counts', testid: 'counts' });
        this.health = new LiveTable({
            title: 'Health of the components', testid: 'health', keyOf: (part) => part.name,
            columns: [
                { title: 'Component', cell: (part) => part.name },
                { title: 'Status', class: 'fit', cell: (part) => statusPill(part.status) },
                { title: 'For', class: 'figure', ticks: true, cell: (part) => durationInWords(secondsSince(part.since)) },
            ],
        });
        this.listeners = new LiveTable({
            title: 'Listeners', testid: 'listeners', keyOf: (listener) => listener.name,
            columns: [
                { title: 'Listener', cell: (listener) => listener.name },
                { title: 'Address', class: 'wide mono', cell: (listener) => listener.url },
                { title: 'Connections', class: 'figure', cell: (listener) => numberInWords(listener.connections) },
            ],
        });
        this.calls = new LiveTable({
            title: 'Live calls', testid: 'overview-calls', keyOf: (call) => call.id, empty: 'Nobody is talking.',
            columns: [
                { title: 'Call', class: 'fit', cell: (call) => make('a', { href: `#/calls/${call.id}` }, call.id) },
                { title: 'From', class: 'wide', cell: (call) => partyInWords(call.caller) },
                { title: 'To', class: 'number', cell: (call) => call.dialled },
                { title: 'State', class: 'fit', cell: (call) => call.state },
                { title: 'Since', class: 'figure', ticks: true, cell: (call) => durationInWords(secondsSince(call.startedAt)) },
            ],
        });
        this.events = make('ol', { class: 'news', testid: 'overview-events' });
        this.about = make('div');
        this.element = make('div', { class: 'view', testid: 'overview' },
            make('h1', {}, 'Overview'), this.wrong, this.counts,
            make('div', { class: 'columns' },
                make('div', { class: 'stack' },
                    card('Live calls', {}, this.calls.element),
                    card('Recent events', {}, this.events, make('p', {}, make('a', { href: '#/events' }, 'All events')))),
                make('div', { class: 'stack' },
                    card('Health', {}, this.health.element),
                    card('Listeners', {}, this.listeners.element),
                    card('Server', {}, this.about))));
        this.#showEvents();
    }

    async refresh() {
        const [info, health, calls] = await Promise.all([
            this.desk.call('system.info'), this.desk.call('system.health'), this.desk.call('calls.list', { limit: 10 }),
        ]);
        this.info = info;
        this.#showWrong(info, health);
        const { counts } = info;
        refill(this.counts, [
            ['Registrations', counts.registrations, '#/registrations'], ['Connected', counts.connected, '#/registrations?connected=true'],
            ['Calls', counts.calls, '#/calls'], ['Sockets', counts.sockets], ['Waiting pushes', counts.waitingPushes, '#/pushes'],
        ].map(([title, count, href]) => make('div', {},
            make('dt', {}, href ? make('a', { href }, title) : title), make('dd', {}, numberInWords(count)))));
        this.health.update(health.components);
        this.listeners.update(info.listeners);
        this.calls.update(calls.items);
        this.tick();
        this.#showEvents();
    }

    #showWrong(info, health) {
        const problems = health.components.filter((part) => part.status === 'failed' || part.status === 'degraded')
            .sort((one, other) => (other.status === 'failed') - (one.status === 'failed'));
        const lines = problems.map((part) => {
            const [kind, name] = part.name.split(':');
            return make('li', { 'data-state': part.status }, statusPill(part.status), ' ',
                kind === 'plugin' ? make('a', { href: `#/plugins/${encodeURIComponent(name)}` }, part.name) : make('strong', {}, part.name),
                part.problem ? ` – ${part.problem}` : '');
        });
        if (info.state !== 'serving') {
            lines.unshift(make('li', { 'data-state': 'degraded' }, statusPill('degraded'), ` The server is ${info.state}: it takes no new work. `,
                make('a', { href: '#/server' }, 'Resume')));
        }
        if (info.configuration.changedSinceFile) {
            lines.push(make('li', { 'data-state': 'degraded' }, statusPill('degraded'), ' The running configuration is not the one in its file. ',
                make('a', { href: '#/configuration' }, 'Look')));
        }
        this.wrong.dataset.state = problems.some((part) => part.status === 'failed') ? 'failed' : lines.length ? 'degraded' : 'ok';
        refill(this.wrong,
            make('h2', { id: 'wrong-title' }, lines.length === 0 ? 'Nothing is wrong' : lines.length === 1 ? 'One thing is wrong' : `${lines.length} things are wrong`),
            lines.length ? make('ul', {}, lines) : make('p', { class: 'hint' }, `All ${health.components.length} components work.`));
    }

    #showEvents() {
        const events = this.desk.stream.recent.slice(-8).reverse();
        if (!events.length) return fill(this.events, make('li', { class: 'empty' }, 'None since this page was opened.'));
        refill(this.events, events.map((event) => make('li', {},
            make('time', { datetime: event.at }, timeInWords(event.at)), make('strong', {}, eventInWords(event.event)),
            make('span', { class: 'soft' }, eventDetails(event)))));
    }

    tick() {
        this.calls.tick();
        this.health.tick();
        const { info } = this;
        if (!info) return;
        refill(this.about, facts([
            ['Version', `${info.name} ${info.version}`], ['Host', info.host], ['Process', String(info.pid)],
            ['Up', durationInWords(secondsSince(info.startedAt))], ['Configuration', info.configuration.path],
            ['Revision', make('code', {}, info.configuration.revision)],
        ]));
    }
}
