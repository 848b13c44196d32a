import { styleText } from 'node:util';

/** How one named check ended. `not run` is a check that the emulator cannot answer, with the one that covers it. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not run';
  readonly detail?: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
}

type Print = (line: string) => void;

/** What the run prints and what it ends with: steps with their times, checks with their names, three counts. */
export class Report {
  readonly #print: Print;
  readonly #now: () => number;
  readonly #results: CheckResult[] = [];
  readonly #started: number;

  constructor(print: Print = console.log, now: () => number = () => performance.now()) {
    this.#print = print;
    this.#now = now;
    this.#started = now();
  }

  get results(): readonly CheckResult[] {
    return this.#results;
  }

  /** Runs one step of the way, which the rest cannot do without: its error goes through. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const started = this.#now();
    try {
      const result = await work();
      this.#print(`${styleText('cyan', '▸')} ${name} ${this.#since(started)}`);
      return result;
    } catch (error) {
      this.#print(`${styleText('red', '▸')} ${name} failed ${this.#since(started)}`);
      throw error;
    }
  }

  /** Runs one check. What it throws is its failure; the checks after it run all the same. */
  async check(name: string, work: () => Promise<void>): Promise<void> {
    const started = this.#now();
    try {
      await work();
      this.#results.push({ name, outcome: 'passed' });
      this.#print(`  ${styleText('green', '✓')} ${name} ${this.#since(started)}`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#results.push({ name, outcome: 'failed', detail });
      this.#print(`  ${styleText('red', '✗')} ${name} ${this.#since(started)}`);
      this.#print(indent(detail));
    }
  }

  /** Says what was not looked at here, and where it is. */
  notRun(name: string, coveredBy: string): void {
    this.#results.push({ name, outcome: 'not run', detail: coveredBy });
  }

  note(line: string): void {
    this.#print(`  ${line}`);
  }

  counts(): Counts {
    const count = (outcome: CheckResult['outcome']) =>
      this.#results.filter((result) => result.outcome === outcome).length;
    return { passed: count('passed'), failed: count('failed'), notRun: count('not run') };
  }

  /** The lines at the end: what failed and what was not run by name, then the counts. */
  summary(): void {
    const { passed, failed, notRun } = this.counts();
    const named = (outcome: CheckResult['outcome'], title: string) => {
      const found = this.#results.filter((result) => result.outcome === outcome);
      if (found.length === 0) return;
      this.#print(`\n${title}`);
      for (const { name, detail = '' } of found) this.#print(`  - ${name}: ${detail.split('\n')[0]}`);
    };
    named('not run', 'NOT RUN here, and where it is checked');
    named('failed', 'FAILED');
    this.#print(`\n${passed} passed, ${failed} failed, ${notRun} not run ${this.#since(this.#started)}`);
  }

  #since(started: number): string {
    return styleText('dim', `(${((this.#now() - started) / 1000).toFixed(1)} s)`);
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}
