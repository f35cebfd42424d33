// Where in a JSON text a pointer (RFC 6901) leads.

import { escapedToken } from './schema.js';

/** Pointer → `{ start, end }` of its value, for a text that `JSON.parse` accepts. */
export function places(text) {
    const found = new Map();
    let at = 0;
    const skip = () => {
        while (/\s/.test(text[at] ?? '')) at += 1;
    };
    const string = () => {
        const start = at;
        at += 1;
        while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
        at += 1;
        return JSON.parse(text.slice(start, at));
    };
    const members = (pointer, end, isObject) => {
        at += 1;
        skip();
        for (let index = 0; text[at] !== end && at < text.length; index += 1) {
            let name = index;
            if (isObject) {
                name = string();
                skip();
                at += 1;
                skip();
            }
            value(`${pointer}/${escapedToken(name)}`);
            skip();
            if (text[at] === ',') at += 1;
            skip();
        }
        at += 1;
    };
    const value = (pointer) => {
        const start = at;
        if (text[at] === '{') members(pointer, '}', true);
        else if (text[at] === '[') members(pointer, ']', false);
        else if (text[at] === '"') string();
        else while (at < text.length && !/[\s,\]}]/.test(text[at])) at += 1;
        found.set(pointer, { start, end: at });
    };
    skip();
    value('');
    return found;
}

/** The place of a pointer, or of what should contain it: a missing member has no place of its own. */
export function placeOf(text, pointer) {
    let all;
    try {
        JSON.parse(text);
        all = places(text);
    } catch {
        return null;
    }
    for (let part = pointer; ; part = part.slice(0, part.lastIndexOf('/'))) {
        if (all.has(part)) return all.get(part);
        if (!part) return null;
    }
}

export const lineAt = (text, index) => text.slice(0, index).split('\n').length;
