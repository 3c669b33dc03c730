export const RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4'] as const;
export const RESOLUTIONS = ['720P', '1080P'] as const;

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

const SIZES: Readonly<Record<string, Readonly<Record<string, PixelSize>>>> = {
  '720P': {
    '16:9': { width: 1280, height: 720 },
    '9:16': { width: 720, height: 1280 },
    '1:1': { width: 960, height: 960 },
    '4:3': { width: 1088, height: 832 },
    '3:4': { width: 832, height: 1088 },
  },
  '1080P': {
    '16:9': { width: 1920, height: 1080 },
    '9:16': { width: 1080, height: 1920 },
    '1:1': { width: 1440, height: 1440 },
    '4:3': { width: 1632, height: 1248 },
    '3:4': { width: 1248, height: 1632 },
  },
};

/** Pixels of a tier and a ratio; whatever is not known counts as 720P and 16:9. */
export function videoSizeOf(resolution: string | undefined, ratio: string | undefined): PixelSize {
  const tier = SIZES[(resolution ?? '').toUpperCase()] ?? SIZES['720P'];
  return tier?.[ratio ?? ''] ?? tier?.['16:9'] ?? { width: 1280, height: 720 };
}
