import { shownPrice } from '../../catalogue/pricing.ts';
import { type Product, storedProductSchema } from '../../catalogue/product.ts';

/** The partition of the listing indexes: an archived product loses the attribute and so leaves them. */
export const activeCatalogue = 'ACTIVE';

const amountDigits = 16;
/** Index attributes that the table needs and the record does not have are dropped. */
const itemSchema = storedProductSchema.strip();

export function toProduct(item: unknown): Product {
  return itemSchema.parse(item);
}

/** One spelling for what is stored and what is searched for. */
export function searchable(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** A sort key may have 1,024 bytes; normalizing can make eighteen characters of one. */
const nameKeyBytes = 700;

function cut(text: string, bytes: number): string {
  const decoder = new TextDecoder();
  return decoder.decode(Buffer.from(text).subarray(0, bytes)).replace(/\uFFFD$/, '');
}

/** What the listing indexes sort and filter by. None of it changes with stock, so stock costs no index write. */
export function listingAttributes(product: Product) {
  const base = shownPrice(product, {})?.amount ?? 0;
  return {
    nameKey: `${cut(searchable(product.name), nameKeyBytes)}#${product.productId}`,
    priceKey: `${String(base).padStart(amountDigits, '0')}#${product.productId}`,
    searchText: searchable([product.name, product.category, product.description].join(' ')),
  };
}

export function productItem(product: Product): Record<string, unknown> {
  return {
    ...product,
    ...listingAttributes(product),
    ...(product.archived ? {} : { catalogue: activeCatalogue }),
  };
}
