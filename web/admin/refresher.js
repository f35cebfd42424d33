// Looks again, but never twice at once, and at most four times a second, however much happens.

const pause = 250;

export class Refresher {
    #work;
    #isRunning = false;
    #isWanted = false;
    #timer = null;
    #isOver = false;

    constructor(work) {
        this.#work = work;
    }

    /** Asks for a look; any number of these while one is under way are one. */
    soon() {
        if (this.#isOver) return;
        this.#isWanted = true;
        if (!this.#isRunning && this.#timer === null) this.#run();
    }

    async #run() {
        this.#isRunning = true;
        this.#isWanted = false;
        try {
            await this.#work();
        } finally {
            this.#isRunning = false;
            if (!this.#isOver) {
                this.#timer = setTimeout(() => {
                    this.#timer = null;
                    if (this.#isWanted) this.#run();
                }, pause);
            }
        }
    }

    end() {
        this.#isOver = true;
        clearTimeout(this.#timer);
    }
}
