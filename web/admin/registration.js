// One registration: what is known of it, and what an operator can do with it.

import { card, facts, make, refill } from './dom.js';
import { pushColumns } from './pushes.js';
import { presence } from './registrations.js';
import { codes } from './rpc.js';
import { LiveTable } from './table.js';
import { durationInWords, millisecondsInWords, secondsSince, timeInWords } from './words.js';

const outcomes = {
    connected: 'It is connected already; no push was sent.', accepted: 'The messaging service took the push.',
    rejected: 'The messaging service refused the push.', failed: 'The push failed.', gone: 'The device is not known to the messaging service any more.',
    throttled: 'A push was sent to it a moment ago; try again shortly.', misconfigured: 'The plugin is not configured properly.',
};

export class RegistrationView {
    topics = ['registration.', 'call.', 'notification.'];

    constructor(desk, { subject }) {
        this.desk = desk;
        this.id = subject;
        this.title = `Registration ${subject}`;
        this.facts = make('div', { testid: 'registration-facts' });
        this.steps = make('div', { testid: 'wake-result', role: 'status' });
        this.pushes = new LiveTable({ title: 'Pushes', testid: 'registration-pushes', keyOf: (push) => `${push.at} ${push.kind}`, columns: pushColumns({ isShort: true }), empty: 'No push was sent.' });
        this.gone = make('p', { class: 'notice', testid: 'gone', role: 'status', hidden: true }, 'This registration has ended.');
        const params = { registration: this.id };
        this.actions = make('div', { class: 'actions' },
            desk.button('Wake', { testid: 'wake', className: 'primary', act: () => this.#wake() }),
            desk.button('Disconnect', {
                testid: 'disconnect',
                ask: { title: 'Disconnect this client?', text: 'Its socket is closed. The registration stays, and the client may come back at once.', action: 'Disconnect', isDangerous: false },
                act: () => desk.attempt('registrations.disconnect', params, { done: 'Disconnected.' }),
            }),
            desk.button('Terminate', {
                testid: 'terminate', className: 'stop',
                ask: { title: 'End this registration?', text: 'Its calls end, its socket is closed, and nobody can call it until the client registers anew.', action: 'Terminate' },
                act: () => desk.attempt('registrations.terminate', params, { done: 'The registration has ended.' }),
            }));
        this.element = make('div', { class: 'view', testid: 'registration-view' },
            make('p', { class: 'crumb' }, make('a', { href: '#/registrations' }, 'Registrations')),
            make('h1', {}, `Registration ${subject}`), this.gone,
            card('Client', {}, this.facts, this.actions, desk.viewerNote(), this.steps),
            card('Pushes', {}, this.pushes.element));
    }

    async refresh() {
        try {
            this.registration = await this.desk.call('registrations.get', { registration: this.id });
        } catch (error) {
            if (error.code !== codes.notFound && error.code !== codes.params) throw error;
            this.gone.hidden = false;
            this.gone.textContent = this.registration ? 'This registration has ended.' : 'There is no such registration (any more).';
            this.actions.hidden = true;
            return;
        }
        this.tick();
        const { items } = await this.desk.call('notifications.history', { registration: this.id, limit: 20 });
        this.pushes.update(items);
    }

    tick() {
        const one = this.registration;
        if (!one) return;
        refill(this.facts, facts([
            ['State', presence(one)], ['Number', make('a', { href: `#/number/${encodeURIComponent(one.dialString)}` }, one.dialString)],
            ['Display name', one.displayName], ['User name', one.username], ['Program', one.client], ['Directory', one.plugin],
            ['Address', one.peer], ['Registered', `${timeInWords(one.registeredAt)} (${durationInWords(secondsSince(one.registeredAt))})`],
            ['Away since', one.absentSince ? `${timeInWords(one.absentSince)} (${durationInWords(secondsSince(one.absentSince))})` : null],
            ['Can be woken', one.canBeWoken ? 'yes' : 'no'],
            ['Calls', one.calls?.length ? one.calls.flatMap((call, index) => [index ? ', ' : '', make('a', { href: `#/calls/${call}` }, call)]) : null],
        ]));
    }

    async #wake() {
        refill(this.steps, make('p', { class: 'hint' }, 'A push is sent; waiting up to 30 seconds for the client …'));
        const result = await this.desk.attempt('registrations.wake', { registration: this.id, waitSeconds: 30 }, { options: { seconds: 45 } });
        if (!result) return refill(this.steps);
        refill(this.steps,
            make('p', { class: result.returned ? 'good' : 'problem' }, `${outcomes[result.outcome] ?? result.outcome} ${
                result.outcome === 'connected' ? '' : result.returned ? 'The client is back.' : 'The client did not come back.'}`),
            result.problem ? make('p', { class: 'problem' }, result.problem) : null,
            make('ol', { class: 'timeline' }, (result.steps ?? []).map((step) => make('li', {},
                make('span', { class: 'after' }, `+${millisecondsInWords(step.afterMilliseconds)}`), make('span', {}, step.text)))));
    }
}
