import { channel } from 'node:diagnostics_channel';
import { watchSending } from '../../../src/providers/sent-proof.ts';

const created = channel('undici:request:create');
const sending = channel('undici:client:sendHeaders');

describe('the proof of "not sent"', () => {
  it('holds for a request that was created and never announced', () => {
    const watch = watchSending();
    watch.create(() => created.publish({ request: {} }));
    watch.close();

    expect(watch.mayHaveBeenSent()).toBe(false);
  });

  it('fails once the head is announced, and only for that request', () => {
    const [request, other] = [{}, {}];
    const watch = watchSending();
    watch.create(() => created.publish({ request }));
    sending.publish({ request: other });

    expect(watch.mayHaveBeenSent()).toBe(false);
    sending.publish({ request });
    expect(watch.mayHaveBeenSent()).toBe(true);
    watch.close();
  });

  it('fails where the creation was not seen', () => {
    const watch = watchSending();
    watch.create(() => undefined);
    created.publish({ request: {} });
    watch.close();

    expect(watch.mayHaveBeenSent()).toBe(true);
  });

  // Last in its file: what it proves holds for the rest of the process.
  it('fails for good once a reply came that no channel announced', () => {
    const broken = watchSending();
    broken.create(() => created.publish({ request: {} }));
    broken.replied();
    broken.close();
    const next = watchSending();
    next.create(() => created.publish({ request: {} }));
    next.close();

    expect(next.mayHaveBeenSent()).toBe(true);
  });
});
