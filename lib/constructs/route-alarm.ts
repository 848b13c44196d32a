import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';

/**
 * The routes that a shop cannot do without. A formula has room for ten metrics, two for each: failed placing would
 * drown in the share of the whole stage, where a hundred pages are read for each order.
 */
const keyRoutes = [
  { method: 'POST', path: '/order' },
  { method: 'POST', path: '/user/login' },
  { method: 'POST', path: '/user/register' },
  { method: 'GET', path: '/product' },
  { method: 'GET', path: '/product/{productId}' },
] as const;
/** Fewer answers of 5xx of one route within the period may be one client that tries again. */
const fewestErrors = 5;
const errorsPercent = 5;

/** On a route that fails by itself. */
export function routeAlarm(api: RestApi): AlarmDefinition {
  const metric = (metricName: string, { method, path }: (typeof keyRoutes)[number]) =>
    new Metric({
      namespace: 'AWS/ApiGateway',
      metricName,
      dimensionsMap: {
        ApiName: api.restApiName,
        Stage: api.deploymentStage.stageName,
        Method: method,
        Resource: path,
      },
      statistic: 'Sum',
      period: alarmPeriod,
    });
  // A route that nobody asked has no metrics, and a gap in one would be a gap in the greatest of them.
  const shareOf = (index: number) =>
    `IF(FILL(errors${index}, 0) >= ${fewestErrors}, 100 * FILL(errors${index}, 0) / FILL(requests${index}, 1), 0)`;
  return {
    id: 'KeyRoutesFail',
    metric: new MathExpression({
      expression: `MAX([${keyRoutes.map((_, index) => shareOf(index)).join(', ')}])`,
      label: 'requests of the worst route answered 5xx, %',
      usingMetrics: Object.fromEntries(
        keyRoutes.flatMap((route, index) => [
          [`errors${index}`, metric('5XXError', route)],
          [`requests${index}`, metric('Count', route)],
        ]),
      ),
      period: alarmPeriod,
    }),
    threshold: errorsPercent,
    impact:
      'Customers cannot order, log in, register or see products: of one of these routes one request in twenty was ' +
      'answered 5xx, five times or more within five minutes. The access log tells which, by route and status.',
  };
}
