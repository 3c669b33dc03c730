import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import type { ProviderName } from '../../../src/core/account.ts';
import type { MediaRequest } from '../../../src/core/job.ts';
import type { Price } from '../../../src/core/money.ts';
import { formatMoney } from '../../../src/core/money.ts';
import type { Provider } from '../../../src/core/provider.ts';
import { PROVIDERS } from '../../../src/providers/index.ts';
import { captureTerminal } from '../cli/captured-terminal.ts';

/**
 * One printed price: the document and line that print it, and what five seconds cost by it. The documents are those that
 * the project began with: 001 is NexusFlow's video page, 003 its HappyHorse page.
 */
interface PrintedPrice {
  readonly document: 'seeds/001' | 'seeds/003';
  readonly line: number;
  readonly model: string;
  readonly resolution: '720P' | '1080P';
  readonly audio?: boolean;
  /** As printed. */
  readonly perSecond: string;
  readonly fiveSeconds: string;
}

const SOURCES = {
  'seeds/001': 'NexusFlow video page, 2026-11-21',
  'seeds/003': 'NexusFlow HappyHorse page, 2026-11-21',
} as const;

const videoPage = (
  line: number,
  model: string,
  [at720, five720]: readonly [string, string],
  [at1080, five1080]: readonly [string, string],
  audio?: boolean,
): readonly PrintedPrice[] => {
  const facts = {
    document: 'seeds/001',
    line,
    model,
    ...(audio === undefined ? {} : { audio }),
  } as const;
  return [
    { ...facts, resolution: '720P', perSecond: at720, fiveSeconds: five720 },
    { ...facts, resolution: '1080P', perSecond: at1080, fiveSeconds: five1080 },
  ];
};

/** Line 126 of the page says that its two prices hold for all four modes. */
const happyHorsePage = (mode: string): readonly PrintedPrice[] => {
  const facts = { document: 'seeds/003', model: `happyhorse-1.0-${mode}` } as const;
  const at720 = {
    ...facts,
    resolution: '720P',
    perSecond: '¥0.9',
    fiveSeconds: '4.50 CNY',
  } as const;
  const at1080 = {
    ...facts,
    resolution: '1080P',
    perSecond: '¥1.6',
    fiveSeconds: '8.00 CNY',
  } as const;
  return [
    { ...at720, line: 32 },
    { ...at720, line: 123 },
    { ...at1080, line: 32 },
    { ...at1080, line: 124 },
  ];
};

const PRINTED: readonly PrintedPrice[] = [
  ...videoPage(21, 'wan2.6-t2v', ['$0.09', '0.45 USD'], ['$0.14', '0.70 USD']),
  ...videoPage(22, 'wan2.6-i2v', ['$0.09', '0.45 USD'], ['$0.14', '0.70 USD']),
  ...videoPage(23, 'happyhorse-1.0-t2v', ['$0.13', '0.65 USD'], ['$0.23', '1.15 USD']),
  ...videoPage(24, 'happyhorse-1.0-i2v', ['$0.13', '0.65 USD'], ['$0.23', '1.15 USD']),
  ...videoPage(25, 'pixverse-v6', ['$0.05', '0.25 USD'], ['$0.10', '0.50 USD'], true),
  ...videoPage(25, 'pixverse-v6', ['$0.04', '0.20 USD'], ['$0.08', '0.40 USD'], false),
  ...happyHorsePage('t2v'),
  ...happyHorsePage('i2v'),
  ...happyHorsePage('r2v'),
  ...happyHorsePage('video-edit'),
];

const currencyOf = ({ perSecond }: PrintedPrice): string =>
  perSecond.startsWith('$') ? 'USD' : 'CNY';

function open(name: ProviderName, currency: string): Provider {
  const baseUrl = 'https://api.example.com';
  return PROVIDERS[name]({ baseUrl, currency, prices: new Map(), allowPrivateHosts: false });
}

/** Valid, so that what is priced could be sent: each mode with the inputs that it needs. */
function requestOf({ model, resolution, audio }: PrintedPrice): MediaRequest {
  const inputs = /-(i2v|r2v)$/.test(model) ? { imageUrls: ['https://example.com/a.png'] } : {};
  const edit = model.endsWith('video-edit') ? { videoUrl: 'https://example.com/a.mp4' } : {};
  const sound = audio === undefined ? {} : { audio };
  return { model, prompt: 'a lighthouse', resolution, ...inputs, ...edit, ...sound };
}

function toLine(model: string, { currency, unit, micros, when, source }: Price): string {
  const price = `${formatMoney({ currency, micros })}/${unit}`;
  return [model, price, when.resolution, when.audio, source].join(' ');
}

function toPrintedLine(row: PrintedPrice): string {
  const { resolution, audio } = row;
  return toLine(row.model, {
    currency: currencyOf(row),
    unit: 'second',
    micros: String(Math.round(Number(row.perSecond.slice(1)) * 1e6)),
    when: { resolution, ...(audio === undefined ? {} : { audio }) },
    source: SOURCES[row.document],
  });
}

interface PrintedModel {
  readonly model: string;
  readonly prices: readonly Price[];
}

async function printModels(): Promise<readonly PrintedModel[]> {
  const cwd = mkdtempSync(join(tmpdir(), 'pollux-prices-'));
  const config = { accounts: { nexusflow: { provider: 'nexusflow', apiKey: { env: 'KEY' } } } };
  writeFileSync(join(cwd, 'pollux.yaml'), JSON.stringify(config));
  const terminal = captureTerminal({ cwd });
  const exitCode = await main(['models', '--json'], terminal);
  rmSync(cwd, { recursive: true });
  if (exitCode !== 0) throw new Error(terminal.err());
  const lines = terminal.out().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as PrintedModel);
}

describe('a price printed in the documents', () => {
  it.each(
    PRINTED.map(
      (row) => [row.document, row.line, row.model, row.resolution, row.audio, row] as const,
    ),
  )(
    '%s, line %i: five seconds of %s at %s, audio %p',
    (_document, _line, _model, _resolution, _audio, row) => {
      const provider = open('nexusflow', currencyOf(row));
      const request = requestOf(row);

      const quote = provider.quote({ ...request, durationSeconds: 5 });

      expect(provider.validate(request)).toEqual([]);
      expect(quote && formatMoney(quote)).toBe(row.fiveSeconds);
      expect(quote?.priceSource).toBe(SOURCES[row.document]);
      expect(quote?.estimated).toBe(false);
    },
  );

  it('is what the price list says for a second, line by line, and nothing else is in it', () => {
    const listed = open('nexusflow', 'USD')
      .models.list()
      .flatMap(({ id, prices }) => prices.map((price) => toLine(id, price)));
    expect(new Set(listed)).toEqual(new Set(PRINTED.map(toPrintedLine)));
    expect(listed).toHaveLength(new Set(listed).size);
  });

  it('is printed by `pollux models --json`, with its document and date', async () => {
    const lines = await printModels();
    const shown = lines.flatMap(({ model, prices }) => prices.map((price) => toLine(model, price)));

    expect(new Set(shown)).toEqual(new Set(PRINTED.map(toPrintedLine)));
  });

  it.each(['rixapi', 'dieyuyun'] as const)('is none of %s, whose documents print none', (name) => {
    const models = open(name, 'USD').models.list();

    expect(models.flatMap(({ prices }) => prices)).toEqual([]);
  });

  it.each([
    ['CNY', 'wan2.6-t2v'],
    ['CNY', 'pixverse-v6'],
    ['USD', 'happyhorse-1.0-r2v'],
    ['USD', 'happyhorse-1.0-video-edit'],
    ['EUR', 'happyhorse-1.0-t2v'],
  ])('is never converted: in %s %s has none', (currency, model) => {
    expect(open('nexusflow', currency).quote({ model, durationSeconds: 5 })).toBeUndefined();
  });
});
