/** Latencies in ms, all of them kept: percentiles are exact and not those of a histogram. */
export class Samples {
  #values = new Float64Array(4096);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(milliseconds: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = milliseconds;
  }

  addAll(others: Samples): void {
    for (let i = 0; i < others.#count; i++) this.add(others.#values[i] as number);
  }

  /** Nearest rank; `fraction` 0.99 is the value that 99 % do not exceed. NaN without samples. */
  percentiles(...fractions: readonly number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).sort();
    return fractions.map((fraction) => sorted[Math.ceil(fraction * this.#count) - 1] ?? NaN);
  }
}
