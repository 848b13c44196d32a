import type { Operations } from '../api/route.ts';
import type { InsightReader } from './insight-reader.ts';
import type { insightRoutes } from './insight-routes.ts';
import { type RecommendPorts, recommend } from './recommend.ts';
import { reportRows } from './report.ts';
import { reportCsv } from './report-csv.ts';
import { maximumDays, maximumProductDays, reportDays } from './report-period.ts';

export interface InsightPorts extends RecommendPorts {
  readonly insights: InsightReader;
}

/** The use cases that answer from counters, tied to their routes. */
export function insightOperations(ports: InsightPorts): Operations<typeof insightRoutes> {
  return {
    async getReport({ query, accept }) {
      const maximum = query.groupBy === 'product' ? maximumProductDays : maximumDays;
      const days = reportDays(query, ports.clock.now(), maximum);
      const rows = await reportRows(query.groupBy, days, ports.insights);
      if (accept !== 'text/csv') return { body: { rows }, headers: { Vary: 'Accept' } };
      const file = `orders-by-${query.groupBy}-${days.from}-${days.to}.csv`;
      return {
        body: { rows },
        csv: reportCsv(query.groupBy, rows),
        headers: { Vary: 'Accept', 'Content-Disposition': `attachment; filename="${file}"` },
      };
    },
    async getRecommendations({ principal }) {
      return { body: await recommend(principal.user, ports) };
    },
  };
}
