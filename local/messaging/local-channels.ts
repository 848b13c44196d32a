import type { DeepPartial } from '../../lib/choose-settings.ts';
import type { StageSettings } from '../../lib/stage-settings.ts';

/** All channels, with made-up senders: whatever is sent ends in the outbox. */
export const localChannels = {
  email: { from: 'Storefront <orders@storefront.example>', identity: 'storefront.example' },
  sms: { type: 'Transactional' },
  push: { applicationArn: 'arn:aws:sns:us-east-1:000000000000:app/GCM/storefront' },
} as const satisfies DeepPartial<StageSettings['notifications']>;
