import { mapAtOnce } from '../shared/at-once.ts';
import { type ChainFlaw, notices } from '../shared/audit/verify-chain.ts';
import { adoptLost } from './audit-verify/adopt.ts';
import { findUnanchored, findUnanchoredChain } from './audit-verify/anchors.ts';
import { proveChain } from './audit-verify/prove-chain.ts';
import { chainsAtOnce, type Run, startRun, type VerifyOptions } from './audit-verify/run.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { runCommand, type Terminal, terminal } from './support/command.ts';
import { scan } from './support/scan.ts';
import { connect, type Target } from './support/target.ts';

const usage = `npm run audit:verify -- [ENTITY] [--port 3000 | --stage dev|prod] [--strict] [--adopt]

Proves that the audit trail is whole: every entry as it was written, none missing, none put in. ENTITY is one chain,
e.g. ORDER#01J…, PRODUCT#01J… or USER#01J…; without it all are proved. Exit code 1 when something is wrong.

  --strict  entries that were written more than 15 minutes after the moment that they tell are wrong, too
  --adopt   seals what has no seal and is older than a day, which the stream cannot bring any more: entries from
            before there were seals, or that the stream lost. They are marked as sealed by hand, for good; look at
            them before. And forgets the salts of what was erased, where the sealer did not come to it.
  --from CHAIN  leaves out the chains before this one, to go on with a run that broke off
  --units N read units a second that it may take of what customers need (default 200)`;

export interface Proof {
  readonly chains: number;
  readonly entries: number;
  readonly adopted: number;
  readonly flaws: readonly FoundFlaw[];
  /** No flaws but notices, or what waits for its seal. */
  readonly isWhole: boolean;
}
type FoundFlaw = { readonly chain: string } & ChainFlaw;

/** Proves one chain or all, and prints what is wrong. */
export async function verifyAudit(
  target: Target,
  options: VerifyOptions,
  { line, progress }: Terminal = terminal,
): Promise<Proof> {
  const run = startRun(target, options);
  const names = options.chain === undefined ? await chainNames(run, progress) : [options.chain];
  const flaws: FoundFlaw[] = [];
  const tell = (flaw: FoundFlaw) => {
    flaws.push(flaw);
    line(`${flaw.flaw.padEnd(23)} ${flaw.chain}  ${flaw.entry ?? ''}\n${' '.repeat(23)} ${flaw.detail}`);
  };
  let [adopted, entries, done] = [0, 0, 0];
  if (options.adopt) {
    // All of them first: an erasure is proved by what another chain, the person's own, has sealed.
    adopted += await adoptLost(run, names, progress);
  }
  const created = new Set<string>();
  const begun = new Set<string>();
  await mapAtOnce(names, chainsAtOnce, async (chain) => {
    begun.add(chain);
    const proof = await proveChain(chain, run).catch((error: unknown) => {
      line(`Broke off. Chains before ${[...begun][0]} are done: go on with --from '${[...begun][0]}'.`);
      throw error;
    });
    begun.delete(chain);
    entries += proof.entries;
    adopted += options.adopt ? 0 : proof.adopted;
    if (proof.isCreated) created.add(chain);
    for (const flaw of proof.flaws) tell({ chain, ...flaw });
    done += 1;
    progress(`${done} of ${names.length} chains, ${entries} entries, now ${chain} …`);
  });
  if (options.anchors) {
    const found =
      options.chain === undefined
        ? findUnanchored(run, { created, progress })
        : findUnanchoredChain(run, options.chain);
    for await (const flaw of found) tell(flaw);
  }
  const isFine = ({ flaw }: ChainFlaw) => flaw === 'entry_pending' || (!options.strict && notices.has(flaw));
  const isWhole = flaws.every(isFine);
  const byHand = adopted > 0 ? `, ${adopted} of them sealed by hand` : '';
  const waiting = flaws.filter(({ flaw }) => flaw === 'entry_pending').length;
  const pending = waiting > 0 ? `, ${waiting} waiting for the sealer` : '';
  line(
    `${entries} entries in ${names.length} chains${byHand}${pending}: ${isWhole ? 'proved' : 'NOT proved'}.`,
  );
  return { chains: names.length, entries, adopted, flaws, isWhole };
}

/** Of both tables: a chain whose entries are all gone still has its seals. */
async function chainNames(run: Run, progress: (text: string) => void): Promise<string[]> {
  const { unitsPerSecond, from = '' } = run.options;
  const names = new Set<string>();
  for (const [name, table] of [
    ['Audit', run.audit],
    ['AuditSeals', run.seals],
  ] as const) {
    const onPage = (count: number) => progress(`${count} items of ${name} …`);
    for await (const page of scan(run.dynamo, table, { unitsPerSecond, onPage })) {
      for (const { pk } of page) names.add(String(pk));
    }
  }
  return [...names].filter((name) => name >= from).sort();
}

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['strict', 'adopt'], options: ['units', 'from'] });
  const [chain, ...more] = given.positionals;
  if (more.length > 0) throw new UsageError('One entity at a time, or none for all.');
  const unitsPerSecond = Number(given.value('units') ?? 200);
  if (!(unitsPerSecond > 0)) throw new UsageError('--units takes a number above zero.');
  const target = await connect(given.place);
  try {
    const proof = await verifyAudit(target, {
      chain,
      from: given.value('from'),
      strict: given.has('strict'),
      adopt: given.has('adopt'),
      anchors: true,
      unitsPerSecond,
      patienceMilliseconds: 30_000,
    });
    return proof.isWhole ? 0 : 1;
  } finally {
    target.close();
  }
});
