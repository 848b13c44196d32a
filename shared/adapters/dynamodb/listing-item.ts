import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { listedAs, priceList, sourcePrice } from '../../catalogue/pricing.ts';
import { type Price, type Product, priceSchema } from '../../catalogue/product.ts';
import { searchable, searchTerms } from '../../catalogue/search-words.ts';
import type { TransactItem } from './transact.ts';

/** Lists of the Listings table. A product stands in each at a position that sorts the list. */
export const lists = {
  all: 'ALL',
  category: (category: string) => `CATEGORY#${category}`,
  word: (key: string) => `WORD#${key}`,
  price: (list: string, category?: string) =>
    category === undefined ? `PRICE#${list}` : `PRICE#${list}@${category}`,
  /** Currencies of products that have no price in the default currency. */
  sources: 'SOURCES',
  rates: 'RATES',
} as const;

const amountDigits = 16;
/** Names are sorted by so many characters, then by id: the cursor of a page carries them. */
const sortedCharacters = 80;

/** Inclusive bounds of positions in a list by price. */
export const pricePosition = (amount: number, productId = '') =>
  `${String(amount).padStart(amountDigits, '0')}#${productId}`;

export const amountAt = (position: string) => Number(position.slice(0, amountDigits));

export const listingSchema = z.object({
  position: z.string(),
  nameKey: z.string().optional(),
  productId: z.string(),
  category: z.string(),
  prices: z.array(priceSchema),
  words: z.array(z.string()).optional(),
});
export type Listing = z.infer<typeof listingSchema>;
type ListingItem = Listing & { readonly list: string };

/** Where a product is found. None of it changes with stock, so a hold or a sale writes no listing. */
export function listingsOf(product: Product): ListingItem[] {
  if (product.archived) return [];
  const { productId, category, prices } = product;
  const { words, keys } = searchTerms(product);
  const listed = { productId, category, prices };
  const nameKey = `${searchable(product.name).slice(0, sortedCharacters)}#${productId}`;
  const byTime = { ...listed, position: productId, nameKey };
  return [
    { ...byTime, list: lists.all },
    { ...byTime, list: lists.category(category) },
    ...keys.map((key) => ({ ...byTime, list: lists.word(key), words: [...words] })),
    ...pricesIn(product).flatMap(({ list, amount }) => {
      const byPrice = { ...listed, position: pricePosition(amount, productId), words: [...words] };
      return [
        { ...byPrice, list: lists.price(list) },
        { ...byPrice, list: lists.price(list, category) },
      ];
    }),
  ];
}

function pricesIn({ prices }: Product): { list: string; amount: number }[] {
  const set = prices.map((price: Price) => ({
    list: priceList(price.currency, price.region),
    amount: price.amount,
  }));
  const source = sourcePrice({ prices }) ?? prices[0];
  const listed = source && listedAs(source);
  return listed && !set.some(({ list }) => list === listed.list) ? [...set, listed] : set;
}

/** The actions that bring the listings from one state of a product to the next: new ones first, then those to go. */
export function listingActions(
  table: string,
  before: Product | undefined,
  after: Product,
): { puts: TransactItem[]; deletes: TransactItem[] } {
  const keyOf = ({ list, position }: ListingItem) => `${list}\n${position}`;
  const former = new Map((before ? listingsOf(before) : []).map((item) => [keyOf(item), item]));
  const next = listingsOf(after);
  const kept = new Set(next.map(keyOf));
  const changed = next.filter((item) => !isDeepStrictEqual(former.get(keyOf(item)), item));
  const gone = [...former.values()].filter((item) => !kept.has(keyOf(item)));
  const Put = (Item: Record<string, unknown>): TransactItem => ({ Put: { TableName: table, Item } });
  return {
    puts: [...sourceOf(after).map((position) => Put({ list: lists.sources, position })), ...changed.map(Put)],
    deletes: gone.map(({ list, position }) => ({ Delete: { TableName: table, Key: { list, position } } })),
  };
}

/** Once noted, a currency stays: an empty list more costs a search half a unit, a missing one its products. */
function sourceOf(product: Product): string[] {
  const source = sourcePrice(product) ?? product.prices[0];
  const isListed = source && listedAs(source).list !== priceList(source.currency);
  return isListed && !product.archived ? [source.currency] : [];
}
