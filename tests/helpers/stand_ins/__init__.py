"""Small servers that behave as vendors' do, over real HTTP, for the presets' tests."""
