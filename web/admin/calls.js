// Calls: those going on, those that ended, and why one did not ring.

import { card, fill, make } from './dom.js';
import { Paging } from './paging.js';
import { LiveTable } from './table.js';
import { traceElement } from './trace.js';
import { durationInWords, isTrouble, partyInWords, reasonInWords, secondsSince, timeInWords } from './words.js';

const callLink = ({ id }) => make('a', { href: `#/calls/${id}`, testid: `call-${id}` }, id);
const states = { connected: 'ok', offering: 'news', routing: 'news' };

export class CallsView {
    title = 'Calls';
    topics = ['call.'];

    constructor(desk) {
        this.desk = desk;
        this.livePaging = new Paging(() => this.look());
        this.endedPaging = new Paging(() => this.look());
        this.live = new LiveTable({
            title: 'Live calls', testid: 'live-calls', keyOf: (call) => call.id, empty: 'Nobody is talking.',
            columns: [
                { title: 'Call', class: 'fit', cell: callLink },
                { title: 'From', class: 'wide', cell: ({ caller }) => partyInWords(caller) },
                { title: 'To', class: 'wide', cell: ({ callees, dialled }) => {
                    const answered = callees?.find((party) => party.state === 'connected');
                    return answered ? partyInWords(answered) : dialled;
                } },
                { title: 'State', class: 'fit', cell: ({ state }) => make('span', { class: 'pill', 'data-state': states[state] ?? 'news' }, state) },
                { title: 'Started', class: 'fit', cell: ({ startedAt }) => make('time', { datetime: startedAt }, timeInWords(startedAt)) },
                { title: 'Talking', class: 'figure', ticks: true, cell: ({ answeredAt }) => (answeredAt ? durationInWords(secondsSince(answeredAt)) : '') },
            ],
        });
        this.ended = new LiveTable({
            title: 'Calls that ended', testid: 'ended-calls', keyOf: (call) => call.id, empty: 'No call has ended yet.',
            columns: [
                { title: 'Call', class: 'fit', cell: callLink },
                { title: 'Ended', class: 'fit', cell: ({ endedAt }) => make('time', { datetime: endedAt }, timeInWords(endedAt)) },
                { title: 'From', class: 'wide', cell: ({ caller }) => partyInWords(caller) },
                { title: 'To', class: 'wide', cell: ({ callee, dialled }) => (callee ? partyInWords(callee) : dialled) },
                { title: 'Outcome', class: 'fit', cell: ({ reason }) => make('span', { class: isTrouble(reason) ? 'problem' : null }, reasonInWords(reason)) },
                { title: 'Talked', class: 'figure', cell: ({ talkSeconds }) => (talkSeconds === undefined ? '' : durationInWords(talkSeconds)) },
                { title: 'Pushes', class: 'figure', cell: ({ pushes }) => (pushes ? String(pushes) : '') },
            ],
        });
        this.element = make('div', { class: 'view', testid: 'calls-view' },
            make('h1', {}, 'Calls'), whyForm(),
            card('Going on', { class: 'card flush' }, this.live.element, this.livePaging.element),
            card('Ended', { class: 'card flush' }, this.ended.element, this.endedPaging.element));
    }

    async refresh() {
        const [live, ended] = await Promise.all([
            this.desk.call('calls.list', { limit: 50, ...this.livePaging.params }),
            this.desk.call('calls.history', { limit: 50, ...this.endedPaging.params }),
        ]);
        this.live.update(live.items);
        this.livePaging.show(live.items.length, live.cursor);
        this.ended.update(ended.items);
        this.endedPaging.show(ended.items.length, ended.cursor);
    }

    tick() {
        this.live.tick();
    }
}

function whyForm(number = '') {
    const input = make('input', { type: 'search', testid: 'why-number', inputmode: 'tel', required: true, value: number, 'aria-label': 'Number that was called' });
    return make('form', { class: 'card why', role: 'search', on: {
        submit: (event) => {
            event.preventDefault();
            if (input.value.trim()) location.hash = `#/number/${encodeURIComponent(input.value.trim())}`;
        },
    } }, make('h2', {}, 'Why didn’t it ring?'),
    make('div', { class: 'line' }, input, make('button', { type: 'submit', class: 'primary', testid: 'why-submit' }, 'Look it up')),
    make('p', { class: 'hint' }, 'The last calls to a number, step by step: what the directory said, who was told, and which push was sent.'));
}

/** The last calls to one number. */
export class NumberView {
    topics = ['call.'];

    constructor(desk, { subject }) {
        this.desk = desk;
        this.number = subject;
        this.title = `Calls to ${subject}`;
        this.traces = make('div', { class: 'stack', testid: 'traces' });
        this.element = make('div', { class: 'view', testid: 'number-view' },
            make('p', { class: 'crumb' }, make('a', { href: '#/calls' }, 'Calls')),
            make('h1', {}, `Calls to ${subject}`), whyForm(subject), this.traces);
    }

    async refresh() {
        let items;
        try {
            ({ items } = await this.desk.call('calls.trace', { dialString: this.number, limit: 10 }));
        } catch (error) {
            if (!error.problems?.length) throw error;
            return fill(this.traces, make('p', { class: 'problem', role: 'alert' }, error.problems.map(({ problem }) => problem).join('; ')));
        }
        const text = JSON.stringify(items);
        if (text === this.text) return;
        this.text = text;
        if (!items.length) {
            return fill(this.traces, make('p', { class: 'card empty', testid: 'no-trace' },
                'Nobody has called this number lately: the call did not reach this server, or it was dialled otherwise.'));
        }
        fill(this.traces, items.map((trace) => card(`${timeInWords(trace.startedAt)} · ${reasonInWords(trace.reason) || 'going on'}`, {},
            make('p', {}, 'Call ', make('a', { href: `#/calls/${trace.call}` }, trace.call), ` from ${partyInWords(trace.caller)} to ${trace.dialled}`),
            traceElement(trace))));
    }
}
