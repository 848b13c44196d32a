import { describe, expect, test } from 'vitest';
import { listingAttributes } from '../../../shared/adapters/dynamodb/product-item.ts';
import { aProduct } from '../../support/builders/product.ts';

describe('the sort key of a product’s name', () => {
  test('stays within DynamoDB’s 1,024 bytes for any name that a product may have', () => {
    // U+FDFA is one character that normalizes to eighteen.
    const { nameKey } = listingAttributes(aProduct({ name: '\uFDFA'.repeat(200) }));
    expect(Buffer.byteLength(nameKey)).toBeLessThanOrEqual(1024);
    expect(nameKey).not.toContain('\uFFFD');
  });

  test('keeps an ordinary name whole', () => {
    const product = aProduct({ name: 'Enamel MUG' });
    expect(listingAttributes(product).nameKey).toBe(`enamel mug#${product.productId}`);
  });
});
