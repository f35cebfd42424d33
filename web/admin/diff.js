// The difference of two texts, line by line.

/** Above this many pairs of lines in the part that differs, all of it is told as replaced. */
const effort = 4_000_000;

/** `[{ kind: 'same' | 'added' | 'removed', text, before?, after? }]`; line numbers count from one. */
export function lineDifferences(before, after) {
    const [old, fresh] = [before.split('\n'), after.split('\n')];
    let head = 0;
    while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
    let tail = 0;
    while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
    const lines = [];
    const same = (one, other) => lines.push({ kind: 'same', text: old[one], before: one + 1, after: other + 1 });
    for (let index = 0; index < head; index += 1) same(index, index);
    differ(old, fresh, head, old.length - tail, fresh.length - tail, lines, same);
    for (let index = tail; index > 0; index -= 1) same(old.length - index, fresh.length - index);
    return lines;
}

function differ(old, fresh, start, oldEnd, freshEnd, lines, same) {
    const [height, width] = [oldEnd - start, freshEnd - start];
    const removed = (index) => lines.push({ kind: 'removed', text: old[index], before: index + 1 });
    const added = (index) => lines.push({ kind: 'added', text: fresh[index], after: index + 1 });
    if (height * width > effort) {
        for (let index = start; index < oldEnd; index += 1) removed(index);
        for (let index = start; index < freshEnd; index += 1) added(index);
        return;
    }
    // The longest common subsequence: `common[i][j]` is its length from line i of the old and line j of the new text on.
    const common = Array.from({ length: height + 1 }, () => new Uint32Array(width + 1));
    for (let i = height - 1; i >= 0; i -= 1) {
        for (let j = width - 1; j >= 0; j -= 1) {
            common[i][j] = old[start + i] === fresh[start + j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
        }
    }
    let [i, j] = [0, 0];
    while (i < height || j < width) {
        if (i < height && j < width && old[start + i] === fresh[start + j]) same(start + i++, start + j++);
        else if (i < height && (j === width || common[i + 1][j] >= common[i][j + 1])) removed(start + i++);
        else added(start + j++);
    }
}

/** Only changed lines and a few around them; a gap is `{ kind: 'gap', count }`. */
export function shortened(lines, around = 3) {
    const isNear = new Uint8Array(lines.length);
    lines.forEach((line, index) => {
        if (line.kind === 'same') return;
        for (let near = Math.max(0, index - around); near <= Math.min(lines.length - 1, index + around); near += 1) isNear[near] = 1;
    });
    const result = [];
    lines.forEach((line, index) => {
        if (isNear[index]) result.push(line);
        else if (result.at(-1)?.kind === 'gap') result.at(-1).count += 1;
        else result.push({ kind: 'gap', count: 1 });
    });
    return result;
}
