import { describe, expect, it } from 'vitest';
import { hasWords, searchTerms, wordQuery, wordsOf } from '../../../shared/catalogue/search-words.ts';

const finds = (text: string, query: string) => {
  const words = wordQuery(query);
  return words !== undefined && hasWords(wordsOf(text), words);
};

describe('a search for words', () => {
  it.each([
    ['Enamel mug', 'mug'],
    ['Enamel mug', 'MUG enamel'],
    ['Enamel mug', 'enamel mu'],
    ['Café crème', 'cafe creme'],
    ['USB-C Dock', 'usb-c'],
    ['Chef’s Knife 20 cm', '20 kni'],
  ])('finds %j by %j', (text, query) => expect(finds(text, query)).toBe(true));

  it.each([
    ['Enamel mug', 'mug tin'],
    ['Enamel mug', 'ena mug'],
    ['Enamel mug', 'amel'],
    ['Enamel mug', '-'],
  ])('does not find %j by %j: words are whole but for the last one’s end', (text, query) => {
    expect(finds(text, query)).toBe(false);
  });

  it('looks in the lists of its longest words', () => {
    expect(wordQuery('a bamboo lamp')?.keys).toEqual(['bambo', 'lam', 'a']);
    expect(wordQuery('us')?.keys).toEqual(['us']);
    expect(wordQuery(' … ')).toBeUndefined();
  });
});

describe('what a product is found by', () => {
  it('has the first letters of every word, and shorter starts of those in its name', () => {
    const { keys } = searchTerms({ name: 'Tin mug', category: 'kitchen', description: 'Holds 4 dl' });
    const expected = ['t', 'ti', 'tin', 'm', 'mu', 'mug', 'kit', 'kitch', 'hol', 'holds', '4', 'dl'];
    expect([...keys].sort()).toEqual(expected.sort());
  });

  it('always has the list that any start of any word is looked up in', () => {
    const texts = ['Stoneware mug 350', 'Kitchen', 'Hand-glazed, holds 350 ml'];
    const [name = '', category = '', description = ''] = texts;
    const { keys, words } = searchTerms({ name, category, description });
    const starts = words.flatMap((word) => Array.from(word, (_, end) => word.slice(0, end + 1)));
    const missing = starts.filter(
      (start) => start.length > 2 && !keys.includes(wordQuery(start)?.keys[0] ?? ''),
    );
    expect(missing).toEqual([]);
  });

  it('is bounded however long the description', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
    const description = letters.flatMap((a) => letters.map((b) => `${a}${b}word`)).join(' ');
    const terms = searchTerms({ name: 'Mug', category: 'kitchen', description });
    expect(terms.keys.length).toBe(160);
    expect(terms.words.length).toBe(120);
    expect(terms.keys).toContain('kit');
  });
});
