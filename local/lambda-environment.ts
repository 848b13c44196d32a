import { localRegion } from './template/names.ts';

/** Variables that point a Lambda at this machine. The SDK reads them; the code of the Lambdas knows none. */
export function lambdaEnvironment(urls: {
  readonly issuer: string;
  readonly auth0ClientId: string;
  readonly captchaVerifyUrl: string;
  readonly stripeApiUrl: string | undefined;
  readonly awsEndpoint: string;
  readonly dynamodbEndpoint: string;
}): Record<string, string> {
  return {
    AUTH0_ISSUER: urls.issuer,
    AUTH0_CLIENT_ID: urls.auth0ClientId,
    CAPTCHA_VERIFY_URL: urls.captchaVerifyUrl,
    ...(urls.stripeApiUrl === undefined ? {} : { STRIPE_API_URL: urls.stripeApiUrl }),
    AWS_ENDPOINT_URL: urls.awsEndpoint,
    AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodbEndpoint,
    AWS_REGION: localRegion,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EC2_METADATA_DISABLED: 'true',
    POWERTOOLS_TRACE_ENABLED: 'false',
    TZ: 'UTC',
  };
}
