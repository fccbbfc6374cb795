-- An event that is looked up costs the decompression of a block.
ALTER TABLE known_events
    MODIFY SETTING min_compress_block_size = 4096, max_compress_block_size = 8192
