// What happened in a call, step by step, as a line in time.

import { make } from './dom.js';
import { millisecondsInWords, timeInWords } from './words.js';

const states = {
    answered: 'ok', ringing: 'ok', returned: 'ok', offered: 'ok', retrieved: 'ok', pushAccepted: 'ok',
    waiting: 'degraded', lost: 'degraded', pushRequested: 'news', held: 'degraded', takenOver: 'degraded',
    pushFailed: 'failed', pushGone: 'failed', refused: 'failed',
};
/** A gap of this many milliseconds is where one looks first. */
const longGap = 1_000;

export function traceElement(trace) {
    let before = 0;
    const items = trace.steps.map((step) => {
        const gap = step.afterMilliseconds - before;
        before = step.afterMilliseconds;
        return make('li', { 'data-state': states[step.step] ?? 'plain', 'data-step': step.step },
            make('span', { class: 'after', title: timeInWords(step.at, { isPrecise: true }) }, `+${millisecondsInWords(step.afterMilliseconds)}`),
            make('span', {}, step.text,
                step.registration ? [' ', make('a', { class: 'quiet', href: `#/registrations/${step.registration}` }, `registration ${step.registration}`)] : null,
                step.call ? [' ', make('a', { class: 'quiet', href: `#/calls/${step.call}` }, `call ${step.call}`)] : null,
                gap >= longGap ? make('small', { class: 'gap' }, `after ${millisecondsInWords(gap)}`) : null));
    });
    return make('div', { class: 'trace' },
        make('ol', { class: 'timeline', testid: 'timeline' }, items),
        trace.omitted ? make('p', { class: 'hint', testid: 'omitted' }, `${trace.omitted} steps in between were not kept.`) : null);
}
