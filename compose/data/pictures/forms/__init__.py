"""Labels of pictures in the forms of tools for annotation: COCO, LVIS, Pascal VOC, YOLO, Parquet, Hugging Face."""
