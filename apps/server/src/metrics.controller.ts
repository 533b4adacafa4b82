// The one file that knows the metrics library.
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LocalRoute } from '@app/access/nest';
import { Traits } from '@app/shell/nest';
import { readinessOf } from './readiness.js';
import type { Vitals } from './server-condition.js';
import { ServerCondition } from './server-condition.js';

type GaugedVital = Exclude<keyof Vitals, 'runsEnded' | 'callsMade' | 'anchorAges'>;

const gauges: readonly (readonly [GaugedVital, name: string, help: string])[] = [
  ['liveRuns', 'runledger_live_runs', 'Runs under way in this server'],
  ['stepsUnderWay', 'runledger_steps_under_way', 'Provider calls under way'],
  ['requestsUnderWay', 'runledger_http_requests_under_way', 'HTTP requests under way'],
  ['logHead', 'runledger_log_head', 'Number of the last event in the log'],
  ['viewHead', 'runledger_view_head', 'Number of the last event that the views show'],
  ['evidenceSize', 'runledger_evidence_leaves', 'Events that have a leaf'],
  ['evidenceSigned', 'runledger_evidence_signed_leaves', 'Leaves that a checkpoint covers'],
  ['evidenceFailed', 'runledger_evidence_failed', '1 when the evidence does not verify'],
  [
    'evidenceLag',
    'runledger_evidence_lag_seconds',
    'How long the oldest event of the last batch had waited for its leaf',
  ],
  ['evidenceSignedAge', 'runledger_evidence_checkpoint_age_seconds', 'Time since the last checkpoint was signed'],
  ['evidenceScrubAge', 'runledger_evidence_scrub_age_seconds', 'Time since everything was last held against the log'],
];

export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'runledger_http_request_duration_seconds',
    help: 'HTTP requests by method, route pattern and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  private readonly vitals = new Map<GaugedVital, Gauge>();
  private readonly runs = new Counter({
    name: 'runledger_runs_ended_total',
    help: 'Runs that ended in this server, by outcome',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  private readonly calls = new Counter({
    name: 'runledger_provider_calls_total',
    help: 'Attempts at provider calls, by result',
    labelNames: ['result'] as const,
    registers: [this.registry],
  });

  private readonly checks = new Gauge({
    name: 'runledger_check_up',
    help: 'Whether each check of /readyz is up; /readyz says why one is not',
    labelNames: ['check'] as const,
    registers: [this.registry],
  });

  private readonly anchors = new Gauge({
    name: 'runledger_evidence_anchor_age_seconds',
    help: 'Time since an anchor took a checkpoint',
    labelNames: ['anchor'] as const,
    registers: [this.registry],
  });

  constructor(private readonly server: ServerCondition) {
    collectDefaultMetrics({ register: this.registry });
    for (const [field, name, help] of gauges) {
      this.vitals.set(field, new Gauge({ name, help, registers: [this.registry] }));
    }
  }

  /** Measures every request of the edge; paths never become labels, only the patterns of routes. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const labels = { method: request.method, route, status: String(reply.statusCode) };
      this.requests.observe(labels, reply.elapsedTime / 1000);
      done();
    });
  }

  async text(): Promise<string> {
    const [vitals, condition] = await Promise.all([this.server.vitals(), this.server.now()]);
    for (const [check, { status }] of Object.entries(readinessOf(condition).checks)) {
      this.checks.set({ check }, status === 'up' ? 1 : 0);
    }
    for (const [field, gauge] of this.vitals) {
      const value = vitals[field];
      if (value !== undefined) gauge.set(value);
    }
    this.anchors.reset();
    for (const [anchor, age] of Object.entries(vitals.anchorAges)) this.anchors.set({ anchor }, age);
    this.runs.reset();
    for (const [outcome, count] of Object.entries(vitals.runsEnded)) this.runs.inc({ outcome }, count);
    this.calls.reset();
    for (const [result, count] of Object.entries(vitals.callsMade)) this.calls.inc({ result }, count);
    return this.registry.metrics();
  }
}

@ApiTags('probes')
@LocalRoute()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Traits({ isProbe: true })
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Figures for Prometheus; a key is needed from other machines' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  read(): Promise<string> {
    return this.metrics.text();
  }
}
