import type { ModelFolder } from '../host/host';
import { readJson } from '../host/read';
import type { ImageProcessor } from '../images/image-processor';
import { imageProcessorFrom } from '../images/image-processors';
import { CLIPProcessor, LlavaProcessor, Processor } from '../images/processor';
import type { LlavaProcessorOptions } from '../images/processor';
import { AutoTokenizer } from './auto-tokenizer';
import type { PretrainedOptions } from './load';
import { readRawConfig, resolveModel } from './load';

/** What a folder says of its images: preprocessor_config.json, or the part of it in processor_config.json. */
async function imageSettings(folder: ModelFolder, options: PretrainedOptions): Promise<unknown> {
  const own = await readJson(folder, 'preprocessor_config.json', options.signal);
  const whole = await readJson(folder, 'processor_config.json', options.signal);
  return own ?? (whole as { image_processor?: unknown } | null | undefined)?.image_processor;
}

/** Reads image processors from preprocessor_config.json or processor_config.json. */
export class AutoImageProcessor {
  /**
   * @param name Folder or repository id.
   * @returns The image processor its preprocessor_config.json describes.
   * @throws {RangeError} If there is none.
   */
  static async from_pretrained(name: string, options: PretrainedOptions = {}): Promise<ImageProcessor> {
    const folder = await resolveModel(name, options);
    const raw = await imageSettings(folder, options);
    if (typeof raw !== 'object' || raw === null) {
      throw new RangeError(
        `Cannot load an image processor from ${folder.name} as it must contain preprocessor_config.json: there is none`
      );
    }
    const { model_type } = await readRawConfig(folder, options).catch(() => ({}) as Record<string, unknown>);
    return imageProcessorFrom(raw as Record<string, unknown>, typeof model_type === 'string' ? model_type : undefined);
  }
}

/** Reads whatever prepares a model's inputs: tokenizer and image processor together, or the one there is. */
export class AutoProcessor {
  /**
   * @param name Folder or repository id.
   * @returns A processor; a tokenizer for text models, an image processor for vision models.
   */
  static async from_pretrained(name: string, options: PretrainedOptions = {}): Promise<unknown> {
    const folder = await resolveModel(name, options);
    const hasImages = (await imageSettings(folder, options)) !== undefined;
    if (!hasImages) {
      return AutoTokenizer.fromFolder(folder, name, options);
    }
    const images = await AutoImageProcessor.from_pretrained(name, options);
    const tokenizer = await AutoTokenizer.fromFolder(folder, name, options).catch(() => undefined);
    if (!tokenizer) {
      return images;
    }
    const { model_type } = await readRawConfig(folder, options).catch(() => ({}) as Record<string, unknown>);
    if (model_type === 'llava') {
      const own = await readJson(folder, 'processor_config.json', options.signal);
      return new LlavaProcessor(images, tokenizer as never, own as LlavaProcessorOptions);
    }
    const Class = model_type === 'clip' ? CLIPProcessor : Processor;
    return new Class(images, tokenizer as never);
  }
}
