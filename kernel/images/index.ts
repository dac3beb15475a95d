export { ImageProcessor } from './image-processor';
export { CLIPImageProcessor, LlavaImageProcessor, SiglipImageProcessor, ViTImageProcessor } from './image-processors';
export { load_image } from './load';
export { RawImage } from './picture';
export { CLIPProcessor, LlavaProcessor, Processor, SiglipProcessor } from './processor';
