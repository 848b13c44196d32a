import { expect, test } from 'vitest';
import { listingsOf } from '../../../shared/adapters/dynamodb/listing-item.ts';
import { aProduct } from '../../support/builders/product.ts';

test('listings stay within DynamoDB’s bounds on keys for any name that a product may have', () => {
  // U+FDFA is one character that normalizes to eighteen.
  const listings = listingsOf(aProduct({ name: '\uFDFA'.repeat(200), category: '\uFDFA'.repeat(60) }));
  const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');
  expect(listings.length).toBeGreaterThan(3);
  expect(Math.max(...listings.map(({ list }) => bytes(list)))).toBeLessThanOrEqual(2048);
  expect(Math.max(...listings.map(({ position }) => bytes(position)))).toBeLessThanOrEqual(1024);
  expect(Math.max(...listings.map(({ nameKey }) => bytes(nameKey)))).toBeLessThanOrEqual(1024);
});
