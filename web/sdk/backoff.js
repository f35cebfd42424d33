/** 1 s, 2 s, 4 s … 30 s, each shortened by up to half at random, so that many pages don't return at one moment. */
export class BackOff {
    #next = 1_000;
    #random;

    constructor(random) {
        this.#random = random;
    }

    /** For the first try after a loss: nearly at once. */
    soon() {
        return this.#random() * 400;
    }

    next() {
        const delay = this.#next * (0.5 + this.#random() / 2);
        this.#next = Math.min(this.#next * 2, 30_000);
        return delay;
    }
}

/** The waiting time that a draining server names in its close reason, in milliseconds. */
export function retryAfter(reason) {
    const match = /retry-after-ms=(\d{1,9})/.exec(reason ?? '');
    return match ? Math.min(Number(match[1]), 300_000) : undefined;
}
