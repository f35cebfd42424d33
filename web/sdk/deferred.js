const patience = 2_500;

/** Their offer that crossed ours and lost the draw: it waits for the answer to ours, but not for ever. */
export class Deferred {
    #offer = null;
    #timer = 0;
    #taken;

    constructor(taken) {
        this.#taken = taken;
    }

    keep(offer) {
        this.forget();
        this.#offer = offer;
        this.#timer = setTimeout(() => this.release(), patience);
    }

    release() {
        const offer = this.#offer;
        this.forget();
        if (offer) this.#taken(offer);
    }

    forget() {
        clearTimeout(this.#timer);
        this.#offer = null;
    }
}
