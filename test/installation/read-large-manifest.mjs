// A process of its own that reads and stages a manifest of so many items, made as it goes, of two kilobytes each.
// Prints how many items it has read and what it needed for that, as JSON.
import { performance } from 'node:perf_hooks';
import { PLAIN } from '../../dist/src/core/sealer.js';
import { createSummary, readManifest, stageManifest } from '../../dist/src/manifest/index.js';

const { items, format } = JSON.parse(process.argv[2]);
const prompt = 'x'.repeat(2_000);
const quote = { currency: 'USD', micros: '450000', basis: '', priceSource: '', estimated: false };

async function* source() {
  if (format === 'csv') yield Buffer.from('id,model,prompt\n');
  for (let index = 0; index < items; index += 1) {
    const id = `item-${index}`;
    const line =
      format === 'csv'
        ? `${id},studio/model,"${prompt}"`
        : JSON.stringify({ id, model: 'studio/model', prompt });
    yield Buffer.from(`${line}\n`);
  }
}

const beganAt = performance.now();
const summary = createSummary();
const stage = await stageManifest({ sealer: PLAIN });
try {
  for await (const line of readManifest(source(), format, { check: () => quote })) {
    summary.add(line);
    if (line.kind === 'item') await stage.add(line.item);
  }
} finally {
  await stage.discard();
}
const { items: read, problemCount, quoted } = summary.read();
const seconds = (performance.now() - beganAt) / 1000;
const maxRssBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ read, problemCount, quoted, seconds, maxRssBytes }));
