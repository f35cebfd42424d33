// One call: both sides while it lasts, and its trace as long as it is kept.

import { card, facts, fill, make, refill } from './dom.js';
import { codes } from './rpc.js';
import { LiveTable } from './table.js';
import { traceElement } from './trace.js';
import { durationInWords, partyInWords, reasonInWords, secondsSince, timeInWords } from './words.js';

export class CallView {
    topics = ['call.', 'registration.', 'notification.'];

    constructor(desk, { subject }) {
        this.desk = desk;
        this.id = subject;
        this.title = `Call ${subject}`;
        this.facts = make('div', { testid: 'call-facts' });
        this.trace = make('div');
        this.parties = new LiveTable({
            title: 'Parties', testid: 'parties', keyOf: (party) => `${party.side} ${party.registration ?? party.dialString}`,
            columns: [
                { title: 'Side', class: 'fit', cell: ({ side }) => side },
                { title: 'Party', class: 'wide', cell: (party) => partyInWords(party) },
                { title: 'Registration', class: 'fit', cell: ({ registration }) => (registration ? make('a', { href: `#/registrations/${registration}` }, registration) : '') },
                { title: 'State', class: 'fit', cell: ({ state, onHold }) => (onHold ? `${state}, on hold` : state) },
                { title: 'Socket', class: 'fit', cell: ({ connected }) => make('span', { class: 'pill', 'data-state': connected ? 'ok' : 'degraded' }, connected ? 'connected' : 'away') },
            ],
        });
        this.live = card('Parties', { class: 'card flush', hidden: true }, this.parties.element);
        this.actions = make('div', { class: 'actions', hidden: true }, desk.button('End this call', {
            testid: 'call-terminate', className: 'stop',
            ask: { title: 'End this call?', text: 'Both sides are told that the administrator has ended it.', action: 'End the call' },
            act: () => desk.attempt('calls.terminate', { call: this.id }, { done: 'The call has ended.' }),
        }), desk.viewerNote());
        this.element = make('div', { class: 'view', testid: 'call-view' },
            make('p', { class: 'crumb' }, make('a', { href: '#/calls' }, 'Calls')),
            make('h1', {}, `Call ${subject}`),
            make('section', { class: 'card' }, this.facts, this.actions), this.live,
            card('What happened', {}, this.trace));
    }

    async refresh() {
        const [call, traces] = await Promise.all([this.#call(), this.desk.call('calls.trace', { call: this.id }).catch((error) => {
            if (error.code === codes.notFound || error.code === codes.params) return { items: [] };
            throw error;
        })]);
        this.call = call;
        this.record = traces.items[0];
        this.live.hidden = this.actions.hidden = !call;
        if (call) {
            this.parties.update([{ side: 'caller', ...call.caller }, ...(call.callees ?? []).map((party) => ({ side: 'callee', ...party }))]);
        }
        this.tick();
        const text = JSON.stringify(this.record);
        if (text === this.text && this.hasTrace) return;
        this.text = text;
        this.hasTrace = true;
        fill(this.trace, this.record ? traceElement(this.record) : make('p', { class: 'empty', testid: 'no-trace' }, 'Nothing is kept of such a call.'));
    }

    async #call() {
        try {
            return await this.desk.call('calls.get', { call: this.id });
        } catch (error) {
            if (error.code === codes.notFound || error.code === codes.params) return null;
            throw error;
        }
    }

    tick() {
        const { call, record } = this;
        if (!call && !record) return;
        const started = call?.startedAt ?? record.startedAt;
        refill(this.facts, facts([
            ['State', call ? make('span', { class: 'pill', 'data-state': call.state === 'connected' ? 'ok' : 'news' }, call.state)
                : make('span', { class: 'pill', 'data-state': 'disabled' }, 'ended')],
            ['From', partyInWords(call?.caller ?? record.caller)],
            ['Dialled', make('a', { href: `#/number/${encodeURIComponent(call?.dialled ?? record.dialled)}` }, call?.dialled ?? record.dialled)],
            ['Started', timeInWords(started)],
            ['Talking', call?.answeredAt ? durationInWords(secondsSince(call.answeredAt)) : null],
            ['Ended', record?.endedAt ? timeInWords(record.endedAt) : null],
            ['Lasted', record?.endedAt ? durationInWords(secondsSince(started, new Date(record.endedAt).getTime())) : null],
            ['Outcome', record?.reason ? reasonInWords(record.reason) : null],
        ]));
    }
}
