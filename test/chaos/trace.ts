/** What a world does, line by line: always hashed, kept only on demand. */
export class Trace {
  readonly lines: string[] | undefined;
  count = 0;
  #high = 0x811c9dc5;
  #low = 0x01000193;

  constructor(isKept: boolean) {
    this.lines = isKept ? [] : undefined;
  }

  write(at: number, ...parts: readonly (string | number)[]): void {
    const line = `${at} ${parts.join(' ')}`;
    this.count += 1;
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < line.length; index += 1) {
      const code = line.charCodeAt(index);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ (code + index), 0x85ebca6b);
    }
    this.#high = high;
    this.#low = low;
    this.lines?.push(line);
  }

  /** The same for two runs only if they did the same, in the same order, at the same moments. */
  get hash(): string {
    return [this.#high, this.#low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
