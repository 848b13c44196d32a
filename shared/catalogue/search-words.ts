import type { Product } from './product.ts';

/** Words are found by their first letters: the longest of these that a word has names the list it is looked up in. */
const keyLengths = [5, 3];
/** Bounds what a long description costs to write; name and category come first. */
const maximumKeys = 160;
const maximumWords = 120;
/** Lists that are compared before one of them is walked. */
const maximumChoices = 3;

/** One spelling for what is stored and what is searched for: no case, no accents, no compatibility forms. */
export function searchable(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The distinct words of a text, in order. */
export function wordsOf(text: string): string[] {
  return [
    ...new Set(
      searchable(text)
        .split(/[^\p{L}\p{N}]+/u)
        .filter(Boolean),
    ),
  ];
}

/** The list that a word, or the start of one, is looked up in. */
export function wordKey(word: string): string {
  const letters = [...word];
  const length = keyLengths.find((each) => letters.length >= each) ?? letters.length;
  return letters.slice(0, length).join('');
}

/** Every list that a word can be looked up in by a start of it. */
function keysOf(word: string): string[] {
  const letters = [...word];
  const lengths = keyLengths.filter((length) => letters.length > length);
  return [wordKey(word), ...lengths.map((length) => letters.slice(0, length).join(''))];
}

/** What a product is found by: its words, and the keys of the lists that it stands in. */
export function searchTerms({
  name,
  category,
  description,
}: Pick<Product, 'name' | 'category' | 'description'>): {
  readonly words: readonly string[];
  readonly keys: readonly string[];
} {
  const inName = wordsOf(name);
  const words = [...new Set([...inName, ...wordsOf(category), ...wordsOf(description)])];
  const started = inName.flatMap((word) => [1, 2].map((length) => [...word].slice(0, length).join('')));
  const keys = [...new Set([...inName.flatMap(keysOf), ...started, ...words.flatMap(keysOf)])];
  return { words: words.slice(0, maximumWords), keys: keys.slice(0, maximumKeys) };
}

/** What is searched for: whole words, and the last one by its start, as it may still be being typed. */
export interface WordQuery {
  readonly whole: readonly string[];
  readonly start: string;
  /** The lists that each hold every match, those of the longest words first: they tend to be the shortest. */
  readonly keys: readonly string[];
}

/** @returns undefined when the text has no word in it, and so finds nothing */
export function wordQuery(text: string): WordQuery | undefined {
  const words = wordsOf(text);
  const start = words.at(-1);
  if (start === undefined) return undefined;
  const keys = [...words].sort((a, b) => b.length - a.length).map(wordKey);
  return { whole: words.slice(0, -1), start, keys: [...new Set(keys)].slice(0, maximumChoices) };
}

export function hasWords(words: readonly string[], { whole, start }: WordQuery): boolean {
  return whole.every((word) => words.includes(word)) && words.some((word) => word.startsWith(start));
}
