/**
 * Two batches in a chain: prompts in CSV → images → videos from those images → a contact sheet. With
 * `pollux dev --simulator` running in this folder, and Node 22.18 or later, which reads TypeScript:
 *
 *   node examples/storyboard.ts .pollux/simulator.yaml examples/storyboard.csv sheet.html
 *
 * Run it twice: the same sheet, and nothing is bought again. An image that failed leaves its video out; run again, with
 * `pollux batch rerun storyboard-images --failed` in between, only what is missing is made.
 */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import {
  connectTemporal,
  createClient,
  createInstallation,
  formatProblem,
  loadConfig,
  parseMediaRequest,
  readManifest,
} from '../src/index.ts';
import type { BatchItem, ItemResult, PolluxClient, Quote } from '../src/index.ts';

export interface StoryboardOptions {
  readonly configFile: string;
  /** A manifest of images: id, model, prompt and whatever else the model takes. */
  readonly csvFile: string;
  /** Where the contact sheet goes. */
  readonly sheetFile: string;
  /** Where the provider can fetch what is stored, by its key; the simulator fetches nothing. */
  readonly publicUrl?: string;
  /** Told every item as it ends. */
  readonly report?: (text: string) => void;
}

export interface Storyboard {
  readonly images: readonly ItemResult[];
  readonly videos: readonly ItemResult[];
}

const VIDEO_MODEL = 'nexusflow/wan2.6-i2v';

/** Runs both batches to their ends and writes the sheet. The worker is a process of its own. */
export async function storyboard(options: StoryboardOptions): Promise<Storyboard> {
  const { configFile, csvFile, sheetFile, publicUrl = 'https://media.example.org/' } = options;
  const { report = () => undefined } = options;
  const installation = createInstallation(loadConfig({ file: configFile }));
  const access = await connectTemporal(installation.config);
  try {
    const client = createClient({
      temporal: access.temporal,
      accounts: installation.accounts,
      parseRequest: parseMediaRequest,
      batches: installation.openBatchStorage(),
    });
    const frames = await readItems(client, csvFile);
    const images = await runBatch(client, 'storyboard-images', frames, report);
    const clips = frames.flatMap((frame) => toClip(frame, images, publicUrl));
    const videos = await runBatch(client, 'storyboard-videos', clips, report);
    await writeFile(sheetFile, toSheet(frames, images, videos));
    return { images, videos };
  } finally {
    await access.close();
  }
}

/** All items of the file, or an error that names every mistake. */
async function readItems(client: PolluxClient, csvFile: string): Promise<readonly BatchItem[]> {
  const items: BatchItem[] = [];
  const mistakes: string[] = [];
  const check = ({ request }: BatchItem): Quote | null => client.quote(request).quote;
  for await (const line of readManifest(createReadStream(csvFile), 'csv', { check })) {
    if (line.kind === 'item') items.push(line.item);
    else mistakes.push(...line.problems.map(formatProblem));
  }
  if (mistakes.length > 0) throw new Error(`${csvFile}:\n${mistakes.join('\n')}`);
  return items;
}

/** The results of a batch, in the order in which its items ended. */
async function runBatch(
  { batches }: PolluxClient,
  id: string,
  items: readonly BatchItem[],
  report: (text: string) => void,
): Promise<readonly ItemResult[]> {
  const batch = await batches.start(items, { id, window: 10 });
  const results: ItemResult[] = [];
  for await (const result of batch.results()) {
    report(`${id} ${result.item}: ${result.status}`);
    results.push(result);
  }
  return results;
}

/** The video of a frame whose image is there. */
function toClip(
  { id, request }: BatchItem,
  images: readonly ItemResult[],
  publicUrl: string,
): readonly BatchItem[] {
  const key = images.find(({ item }) => item === id)?.artifacts[0]?.key;
  if (key === undefined) return [];
  const { prompt } = request;
  const imageUrls = [new URL(key, publicUrl).href];
  return [
    {
      id,
      request: {
        ...{ model: VIDEO_MODEL, imageUrls, durationSeconds: 5 },
        ...(prompt === undefined ? {} : { prompt }),
      },
    },
  ];
}

function toSheet(
  frames: readonly BatchItem[],
  images: readonly ItemResult[],
  videos: readonly ItemResult[],
): string {
  const fileOf = (results: readonly ItemResult[], id: string): string =>
    escapeHtml(results.find(({ item }) => item === id)?.artifacts[0]?.url ?? '');
  const cells = frames.map(({ id, request }) => {
    const poster = fileOf(images, id);
    const video = fileOf(videos, id);
    const media = `<video src="${video}" poster="${poster}" width="320" controls></video>`;
    return `<figure>${media}<figcaption>${escapeHtml(request.prompt ?? id)}</figcaption></figure>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>Storyboard</title>\n${cells.join('\n')}\n`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

const isProgram = import.meta.url === pathToFileURL(process.argv[1] ?? '').href;
if (isProgram) {
  const [configFile = 'pollux.yaml', csvFile = 'examples/storyboard.csv', sheet = 'sheet.html'] =
    process.argv.slice(2);
  storyboard({ configFile, csvFile, sheetFile: sheet, report: console.error }).then(
    ({ videos }) => console.log(`${String(videos.length)} videos: ${sheet}`),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
