import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Published by undici while `request()` runs, in the same tick. */
const REQUEST_CREATED = 'undici:request:create';
/** Published by undici right before the first byte of a request is written. */
const HEAD_SENDING = 'undici:client:sendHeaders';

/**
 * Set once a reply came for a request whose head was never announced: the channel is not what it was, and from then
 * on nothing in this process is taken as proof of "not sent".
 */
let isChannelMissing = false;

/** Watches one request for the moment it starts to leave this machine. */
export interface SendWatch {
  /** Runs the call that creates the request; what undici creates within it is the request watched. */
  create<T>(call: () => T): T;
  /** Tells the watch that a reply came, which no unsent request has. */
  replied(): void;
  /** False only where it is proved that no byte left. */
  mayHaveBeenSent(): boolean;
  close(): void;
}

/** Error codes alone decide nothing (a reset before and after the request look the same); this channel does. */
export function watchSending(): SendWatch {
  let request: object | undefined;
  let isSending = false;
  const onCreated = (message: unknown): void => {
    request ??= requestOf(message);
  };
  const onSending = (message: unknown): void => {
    if (request !== undefined && requestOf(message) === request) isSending = true;
  };
  subscribe(HEAD_SENDING, onSending);
  return {
    create: (call) => {
      subscribe(REQUEST_CREATED, onCreated);
      try {
        return call();
      } finally {
        unsubscribe(REQUEST_CREATED, onCreated);
      }
    },
    replied: () => {
      if (!isSending) isChannelMissing = true;
    },
    mayHaveBeenSent: () => isSending || isChannelMissing || request === undefined,
    close: () => {
      unsubscribe(HEAD_SENDING, onSending);
    },
  };
}

function requestOf(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined;
  return typeof message.request === 'object' && message.request !== null
    ? message.request
    : undefined;
}
