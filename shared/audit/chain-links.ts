import { emptyHead, type Head, hashOf, type Seal } from './seal.ts';

/** What the next seal has to follow on, and whether the seal itself is as it was made. */
interface Link extends Pick<Seal, 'entry' | 'position' | 'previous' | 'hash'> {
  readonly isIntact: boolean;
}

export interface Links {
  /** @param key under which the seal lies: that of its entry */
  add(seal: Seal, key: string): void;
  /** @returns in what the head differs from the last seal */
  end(head: Head | undefined): string | undefined;
}

/**
 * Follows a chain whose seals come in the order of their entries' keys, which is nearly the order they were made in.
 * Only those that came before their turn are remembered, and of them no more than the link.
 * @param broken is told of each seal that does not follow on the one before
 */
export function createLinks(chain: string, broken: (entry: string, detail: string) => void): Links {
  const early = new Map<number, Link>();
  let last = emptyHead(chain);
  const tell = ({ entry, position }: Link) =>
    broken(entry, `seal ${position} does not follow on seal ${last.count}`);
  const follow = (link: Link) => {
    const { position, previous, hash, isIntact } = link;
    if (!isIntact || position !== last.count + 1 || previous !== last.hash) tell(link);
    last = { chain, count: position, hash };
  };
  return {
    add(seal, key) {
      const { entry, position, previous, hash } = seal;
      const isIntact = seal.chain === chain && entry === key && hashOf(seal) === hash;
      const link = { entry, position, previous, hash, isIntact };
      if (position <= last.count || early.has(position)) {
        tell(link);
        return;
      }
      early.set(position, link);
      for (let next = early.get(last.count + 1); next; next = early.get(last.count + 1)) {
        early.delete(next.position);
        follow(next);
      }
    },
    end(head) {
      for (const link of [...early.values()].toSorted((a, b) => a.position - b.position)) follow(link);
      early.clear();
      const end = head ?? emptyHead(chain);
      const isSame = end.chain === chain && end.count === last.count && end.hash === last.hash;
      return isSame ? undefined : `the head tells of ${end.count} entries, the seals of ${last.count}`;
    },
  };
}
